/// One thing that a gateway tells its ledger.
public enum LedgerEntry: Sendable {
  /// An attempt is sent to a provider. A later attempt of the same call replaces it.
  case opened(LedgerCall, LedgerAttempt)
  /// An attempt failed, and its call goes on; the usage is `nil` if it used nothing. The time is in microseconds since 1970.
  case failed(LedgerCall, LedgerAttempt, LedgerUsage?, at: Int64)
  /// A call ended: the one row that stays of it.
  case ended(LedgerCall, LedgerEnd)
  /// Calls ended whose rows were given up because the disk was too slow. Their sums stay.
  case summed([LedgerKey: LedgerSums], ended: [UInt64], at: Int64)
  /// The costs begin again at 0.
  case costsReset
}

/// How a call ended.
public struct LedgerEnd: Sendable, Equatable {
  /// When it ended, in microseconds since 1970.
  public var time: Int64
  /// The outcome as a word.
  public var outcome: String
  /// The status of the response.
  public var status: Int
  /// All attempts, those that failed included.
  public var attempts: Int
  /// The attempt with which it ended; `nil` if none was running.
  public var attempt: LedgerAttempt?
  /// The usage of that attempt; `nil` if it used nothing.
  public var usage: LedgerUsage?
  /// Microseconds from the complete head to the first byte of the response, and to the end.
  public var firstByte: Int64?
  public var total: Int64

  public init(
    time: Int64, outcome: String, status: Int, attempts: Int, attempt: LedgerAttempt?, usage: LedgerUsage?,
    firstByte: Int64?, total: Int64
  ) {
    self.time = time
    self.outcome = outcome
    self.status = status
    self.attempts = attempts
    self.attempt = attempt
    self.usage = usage
    self.firstByte = firstByte
    self.total = total
  }
}
