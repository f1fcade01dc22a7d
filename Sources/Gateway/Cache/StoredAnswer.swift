/// An upstream's complete answer, as its bytes came. It is read again for each caller, in the caller's dialect and form.
final class StoredAnswer: Sendable {
  /// Bytes that an answer takes beside its body.
  static let overhead = 288

  let source: AnswerSource
  let body: [UInt8]
  /// When it was complete, in nanoseconds.
  let storedAt: Int64
  /// The usage of its attempt, and its cost.
  let usage: Usage?
  let cost: MicroUSD?

  init(_ source: AnswerSource, _ body: [UInt8], at now: Int64, _ usage: Usage?, _ cost: MicroUSD?) {
    self.source = source
    self.body = body
    storedAt = now
    self.usage = usage
    self.cost = cost
  }

  /// Bytes that it takes.
  var byteCount: Int { body.count + Self.overhead }
}

/// The model at a provider that answered, and how its answer is read.
struct AnswerSource: Sendable {
  var provider: String
  /// The model as its provider names it.
  var model: String
  var dialect: Dialect
  var head = UpstreamHead(status: 0)
  /// Fields of the request that the provider did not get.
  var dropped: [String] = []
  var toolNames = ToolNames()
}
