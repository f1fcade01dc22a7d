/// The record of one finished request. It holds no prompt, no answer and no secret.
///
/// Every request that hoosh answers, rejects or gives up has exactly one, which leaves by `Recorder.conclude`.
struct RequestRecord {
  /// How a request ended.
  enum Outcome: String, Sendable, CaseIterable {
    case completed
    /// hoosh rejected the request.
    case rejected
    /// Every upstream that was tried failed.
    case failed
    /// The upstream's stream broke after visible output.
    case truncated = "upstream_truncated"
    /// The client closed its connection before the end.
    case clientClosed = "client_closed"
    /// The gateway shut down.
    case shutdown
  }

  /// An attempt that failed, and why.
  struct FailedAttempt: Equatable, Sendable {
    /// The provider's name.
    var provider: String
    /// One word for the cause, as in `timeout`.
    var reason: String

    /// Both as one word, as in `openai:timeout`.
    var text: String { reason.isEmpty ? provider : "\(provider):\(reason)" }
  }

  /// The request's id, which the response repeats.
  var id = ""
  var caller = Caller.anonymous
  /// The endpoint's name; the path as it came if no endpoint has it; `-` if the head was never read.
  var path = "-"
  /// Whether the request asked something of a model, so that it was routed.
  var isCall = false
  var model = ""
  /// The provider of the last attempt.
  var provider = ""
  /// Failed attempts before the one that counts, in order.
  var failedAttempts: [FailedAttempt] = []
  var status = 0
  var streams = false
  var bytesIn = 0
  var bytesOut = 0
  /// From the complete head to the first attempt, the reading of the body included.
  var firstAttempt = Duration.zero
  /// From the complete head to the first byte of the response.
  var firstByte: Duration?
  var total = Duration.zero
  var outcome = Outcome.completed
  /// Why the request was rejected, or failed.
  var error: APIError.Code?
  var usage: Usage?
  /// The answer's way through the cache; `nil` without one.
  var cache: CacheStatus?
  /// The cost of the usage; `nil` if the price is unknown, or nothing was used.
  var cost: MicroUSD?
}
