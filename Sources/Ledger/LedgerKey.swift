/// By whom and where something was used: the dimensions of the sums.
public struct LedgerKey: Sendable, Hashable {
  /// The model of those that are too many to be told apart.
  public static let otherModels = "(other)"

  /// The identity of the caller's key; `nil` for callers without one.
  public var callerID: UInt64?
  public var caller: String
  public var team: String?
  public var pool: String?
  /// The provider and its model; empty if there was no attempt.
  public var provider: String
  public var model: String

  public init(
    callerID: UInt64?, caller: String, team: String? = nil, pool: String? = nil, provider: String = "",
    model: String = ""
  ) {
    self.callerID = callerID
    self.caller = caller
    self.team = team
    self.pool = pool
    self.provider = provider
    self.model = model
  }

  public init(_ call: LedgerCall, _ attempt: LedgerAttempt?) {
    self.init(
      callerID: call.callerID, caller: call.caller, team: call.team, pool: call.pool,
      provider: attempt?.provider ?? "", model: attempt?.model ?? "")
  }
}
