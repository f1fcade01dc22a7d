/// The tokens that an attempt used by class, each token in one class, and what they cost.
public struct LedgerUsage: Sendable, Equatable {
  /// The source of the numbers. The raw value is the one in the file.
  public enum Source: Int64, Sendable, CaseIterable {
    /// Reported by the provider.
    case reported = 1
    /// Estimated from bytes.
    case estimated = 2
    /// The most that was held, because the process ended before the attempt did.
    case held = 3
    /// Reported by a caller that used the tokens elsewhere.
    case caller = 4

    /// The source as a word.
    public var name: String {
      switch self {
      case .reported: "reported"
      case .estimated: "estimated"
      case .held: "held"
      case .caller: "caller"
      }
    }
  }

  public var source: Source
  public var input = 0
  public var cacheRead = 0
  public var cacheWrite = 0
  public var cacheWriteLong = 0
  public var output = 0
  public var reasoning = 0
  public var audioIn = 0
  public var audioOut = 0
  /// The cost in millionths of a US dollar, rounded; `nil` if the price is unknown.
  public var cost: UInt64?
  /// The charge of budgets in millionths of a US dollar, which is the cost rounded up; 0 if the price is unknown.
  public var charge: UInt64 = 0
  /// The tokens that limits of tokens count, if they are not all of them.
  public var limitTokens: Int?

  public init(_ source: Source) { self.source = source }

  /// The usage of an attempt whose end is unknown: the most that it may have used.
  init(held attempt: LedgerAttempt) {
    source = .held
    input = attempt.promptMax
    output = attempt.outputMax
    cost = attempt.costMax
    charge = attempt.costMax ?? 0
    limitTokens = attempt.expected
  }
}
