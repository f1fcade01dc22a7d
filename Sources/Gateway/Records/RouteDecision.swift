/// The result of routing one finished request, kept for `GET /v1/route/explain/{id}` and for events.
///
/// A class, because the decisions and the events share it, and neither copies it.
final class RouteDecision: Sendable {
  let id: String
  let model: String
  /// The provider that answered, or that was tried last.
  let provider: String
  let status: Int
  let failedAttempts: [RequestRecord.FailedAttempt]
  let latency: Duration
  let tokens: Int?

  fileprivate init(
    id: String, model: String, provider: String, status: Int, failedAttempts: [RequestRecord.FailedAttempt],
    latency: Duration, tokens: Int?
  ) {
    self.id = id
    self.model = model
    self.provider = provider
    self.status = status
    self.failedAttempts = failedAttempts
    self.latency = latency
    self.tokens = tokens
  }
}

extension RequestRecord {
  /// The part of the record that is kept for callers.
  var decision: RouteDecision {
    RouteDecision(
      id: id, model: model, provider: provider, status: status, failedAttempts: failedAttempts, latency: total,
      tokens: usage?.total)
  }
}

/// The latest route decisions: a ring that overwrites the oldest.
struct RouteDecisions: Sendable {
  /// Decisions that are kept.
  static let countMax = 1024

  private var ring: [RouteDecision] = []
  private var next = 0

  /// Adds a decision.
  mutating func append(_ decision: RouteDecision) {
    if ring.count < Self.countMax {
      ring.append(decision)
    } else {
      ring[next % Self.countMax] = decision
    }
    next &+= 1
  }

  /// Returns the decision about the request with that id; `nil` if none is kept.
  func find(id: String) -> RouteDecision? { ring.last { $0.id == id } }
}
