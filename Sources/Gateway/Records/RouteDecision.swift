/// The result of routing one finished request, kept for `GET /v1/route/explain/{id}` and for events.
struct RouteDecision: Sendable {
  let id: String
  let model: String
  /// The provider that answered, or that was tried last.
  let provider: String
  let status: Int
  let failedAttempts: [RequestRecord.FailedAttempt]
  let latency: Duration
  let tokens: Int?

  init(_ record: RequestRecord) {
    id = record.id
    model = record.model
    provider = record.provider
    status = record.status
    failedAttempts = record.failedAttempts
    latency = record.total
    tokens = record.usage?.total
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
