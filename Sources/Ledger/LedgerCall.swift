/// The part of a call that stays the same from its beginning to its row. A class, because its entries share one.
public final class LedgerCall: Sendable {
  /// The number of the call among those of this process, from 1 on; 0 for one that is not identified.
  public let number: UInt64
  /// The request's ID, which its response repeats.
  public let request: String
  /// When its head was complete, in microseconds since 1970.
  public let began: Int64
  /// The identity of the caller's key; `nil` for callers without one.
  public let callerID: UInt64?
  /// The caller's name.
  public let caller: String
  public let team: String?
  /// The pool whose tokens it uses; `nil` if it uses none.
  public let pool: String?
  /// The name of the endpoint.
  public let endpoint: String
  /// The model as the caller named it.
  public let model: String
  /// Whether it was admitted, so that it counts as a request of its caller.
  public let isAdmitted: Bool

  public init(
    number: UInt64, request: String, began: Int64, callerID: UInt64?, caller: String, team: String? = nil,
    pool: String? = nil, endpoint: String, model: String, isAdmitted: Bool = true
  ) {
    self.number = number
    self.request = request
    self.began = began
    self.callerID = callerID
    self.caller = caller
    self.team = team
    self.pool = pool
    self.endpoint = endpoint
    self.model = model
    self.isAdmitted = isAdmitted
  }
}
