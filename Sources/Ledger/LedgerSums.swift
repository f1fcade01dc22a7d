/// Sums of what calls used. All additions saturate, and each number stays from 0 to 2^62.
public struct LedgerSums: Sendable, Equatable {
  /// One of the sums. The raw value is its column.
  public enum Column: String, CaseIterable, Sendable {
    /// Calls that ended.
    case requests
    /// Those of them that were admitted.
    case admitted
    /// Requests to providers.
    case attempts
    /// Attempts that used something.
    case used
    /// Attempts that used something whose price is unknown, and their tokens.
    case unpriced
    case unpricedTokens = "unpriced_tokens"
    case input
    case cacheRead = "cache_read"
    case cacheWrite = "cache_write"
    case cacheWriteLong = "cache_write_long"
    case output
    case reasoning
    case audioIn = "audio_in"
    case audioOut = "audio_out"
    /// Tokens that limits of tokens count.
    case limitTokens = "limit_tokens"
    /// The cost, and the charge of budgets, in millionths of a US dollar.
    case cost
    case charge

    fileprivate var index: Int {
      switch self {
      case .requests: 0
      case .admitted: 1
      case .attempts: 2
      case .used: 3
      case .unpriced: 4
      case .unpricedTokens: 5
      case .input: 6
      case .cacheRead: 7
      case .cacheWrite: 8
      case .cacheWriteLong: 9
      case .output: 10
      case .reasoning: 11
      case .audioIn: 12
      case .audioOut: 13
      case .limitTokens: 14
      case .cost: 15
      case .charge: 16
      }
    }
  }

  /// The largest sum.
  public static let sumMax: Int64 = 1 << 62
  /// The largest number of tokens of one class of a row, and the largest cost. Larger ones are cut.
  static let tokensMax: Int64 = 1 << 40
  static let costMax: Int64 = 1 << 48

  private var values = InlineArray<17, Int64>(repeating: 0)

  public init() {}

  /// The sums of one call that ended, with its last attempt.
  public init(_ call: LedgerCall, _ end: LedgerEnd) {
    self.init(end.attempt, end.usage)
    self[.requests] = 1
    self[.admitted] = call.isAdmitted ? 1 : 0
  }

  /// The sums of one attempt, which used nothing if `usage` is `nil`.
  public init(_ attempt: LedgerAttempt?, _ usage: LedgerUsage?) {
    if attempt != nil { self[.attempts] = 1 }
    guard let usage else { return }
    let amounts = LedgerAmounts(usage)
    if usage.source != .caller { self[.used] = 1 }
    self[.input] = amounts.input
    self[.cacheRead] = amounts.cacheRead
    self[.cacheWrite] = amounts.cacheWrite
    self[.cacheWriteLong] = amounts.cacheWriteLong
    self[.output] = amounts.output
    self[.reasoning] = amounts.reasoning
    self[.audioIn] = amounts.audioIn
    self[.audioOut] = amounts.audioOut
    self[.limitTokens] = amounts.limitTokens
    self[.cost] = amounts.cost ?? 0
    self[.charge] = amounts.charge
    if amounts.cost == nil {
      self[.unpriced] = 1
      self[.unpricedTokens] = tokens
    }
  }

  public subscript(_ column: Column) -> Int64 {
    get { values[column.index] }
    set { values[column.index] = max(0, min(newValue, Self.sumMax)) }
  }

  /// Adds other sums.
  public mutating func add(_ other: LedgerSums) {
    for index in values.indices {
      let (sum, overflow) = values[index].addingReportingOverflow(other.values[index])
      values[index] = overflow ? Self.sumMax : min(sum, Self.sumMax)
    }
  }

  /// All tokens of prompts, and all tokens of answers.
  public var promptTokens: Int64 { sum([.input, .cacheRead, .cacheWrite, .cacheWriteLong, .audioIn]) }
  public var completionTokens: Int64 { sum([.output, .reasoning, .audioOut]) }
  /// All tokens.
  public var tokens: Int64 { min(promptTokens, Self.sumMax / 2) + min(completionTokens, Self.sumMax / 2) }

  private func sum(_ columns: [Column]) -> Int64 {
    columns.reduce(0) { min($0 + min(self[$1], Self.sumMax / 8), Self.sumMax) }
  }

  public static func == (left: LedgerSums, right: LedgerSums) -> Bool {
    left.values.indices.allSatisfy { left.values[$0] == right.values[$0] }
  }
}
