/// The payload of one event that `/v1/events` publishes.
///
/// A route decision is kept as it is and written as text only when a subscriber reads it: most are never read.
enum GatewayEvent: EventPayload {
  /// A JSON object.
  case json([UInt8])
  /// A call ended.
  case decision(RouteDecision)

  var byteCount: Int {
    switch self {
    case .json(let text): text.count
    case .decision(let decision):
      128 + decision.id.utf8.count + decision.model.utf8.count + decision.provider.utf8.count
        + decision.failedAttempts.reduce(0) { $0 + $1.provider.utf8.count + $1.reason.utf8.count + 1 }
    }
  }

  /// Appends the payload as JSON.
  func append(to out: inout [UInt8]) {
    switch self {
    case .json(let text): out.append(contentsOf: text)
    case .decision(let decision): Self.append(decision, to: &out)
    }
  }

  private static func append(_ decision: RouteDecision, to out: inout [UInt8]) {
    out.append("{")
    Writer.member("id", decision.id, to: &out)
    Writer.member("provider", decision.provider, to: &out)
    Writer.member("model", decision.model, to: &out)
    Writer.member("status", decision.status, to: &out)
    Writer.member("latency_ms", Int(decision.latency / .milliseconds(1)), to: &out)
    if let tokens = decision.tokens { Writer.member("tokens", tokens, to: &out) }
    if let attempt = decision.failedAttempts.last { Writer.member("failed_attempt", attempt.text, to: &out) }
    out.append("}")
  }
}
