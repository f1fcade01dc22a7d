internal import Reactor

/// Reads and translates large bodies and answers on a thread, because that would hold up the loop.
///
/// One job runs at a time, on a thread that ends with it, so that a gateway without large bodies has one thread only.
/// Everything here is a function of bytes; its result comes back to the loop as an event.
final class LargeWork {
  /// The result of a job.
  enum Output: Sendable {
    /// A request that was read.
    case call(Result<LargeCall, APIError>)
    /// A request that was translated for an attempt.
    case body(AttemptPlan, Result<Call.Body, APIError>)
    /// An answer that was translated, and the reader that has read it.
    case answer(AnswerStream, Result<AnswerStream.Made, AttemptFailure>)
    /// An event that was translated to these bytes, and the reader that has read it.
    case event(AnswerStream, [UInt8], Result<AnswerStream.Verdict, AttemptFailure>)
  }

  /// A job of a connection, which is dropped with the request that it is for.
  struct Job {
    fileprivate let number: UInt64
    fileprivate let run: @Sendable () -> Output
  }

  /// A job that has not started.
  private struct Waiting {
    let number: UInt64
    let connection: Connection
    /// Whether its result waits in memory until a client reads it.
    let makesOutput: Bool
  }

  let results: Mailbox<Output>
  private var waiting: [Waiting] = []
  private var running: Waiting?
  private var started: UInt64 = 0
  /// Whether there is memory for more output of a connection.
  private let mayMakeOutput: (Connection) -> Bool

  init(mayMakeOutput: @escaping (Connection) -> Bool) throws(SystemError) {
    results = try Mailbox(weightMax: 1)
    self.mayMakeOutput = mayMakeOutput
  }

  /// Runs a job for a connection, which replaces any other job of it. One that makes output waits until there is memory
  /// for it.
  func start(for connection: Connection, makesOutput: Bool = false, _ run: @escaping @Sendable () -> Output) {
    started += 1
    connection.job = Job(number: started, run: run)
    waiting.append(Waiting(number: started, connection: connection, makesOutput: makesOutput))
    startNext()
  }

  /// Reads the large body of a connection's request.
  func read(_ connection: Connection, for endpoint: CallEndpoint, model: String) {
    let body = connection.body
    start(for: connection) {
      .call(Result { () throws(APIError) in try LargeCall.read(body.span, for: endpoint, model: model) })
    }
  }

  /// Whether a job is under way.
  var isBusy: Bool { running != nil }

  /// Whether jobs wait, and none runs.
  var isHeldUp: Bool { running == nil && !waiting.isEmpty }

  /// Takes the result that has arrived; `nil` if no connection waits for it any more. The next job starts later, once the
  /// result counts towards the memory.
  func take() -> (connection: Connection, output: Output)? {
    guard let output = results.take().first, let ended = running else { return nil }
    running = nil
    guard ended.connection.job?.number == ended.number else { return nil }
    ended.connection.job = nil
    return (ended.connection, output)
  }

  /// Starts the next job that a connection waits for, unless one runs.
  func startNext() {
    if running != nil || waiting.isEmpty { return }
    waiting.removeAll { $0.connection.job?.number != $0.number }
    guard let place = waiting.firstIndex(where: { !$0.makesOutput || mayMakeOutput($0.connection) }) else { return }
    let next = waiting.remove(at: place)
    guard let run = next.connection.job?.run else { return }
    running = next
    do throws(SystemError) {
      try Worker.start { [results] in results.post(run()) }
    } catch {
      // There is no thread to be had, so the loop does it.
      results.post(run())
    }
  }
}

@available(*, unavailable)
extension LargeWork: Sendable {}

/// A large request, with everything that is read from its body.
struct LargeCall: Sendable {
  let call: Call
  let requirements: Requirements?
  /// The members of the request that the caller's dialect repeats in responses.
  let echo: [UInt8]

  /// Reads a request's body.
  static func read(_ json: Span<UInt8>, for endpoint: CallEndpoint, model: String) throws(APIError) -> LargeCall {
    let call = try Call.read(json, for: endpoint, model: model)
    let requirements = call.conversation(json).map { Requirements($0, json) }
    return LargeCall(call: call, requirements: requirements, echo: endpoint.dialect.row.echo?(json) ?? [])
  }
}

/// The target of an attempt, and how it is reached, while its request is translated.
struct AttemptPlan: Sendable {
  let selection: Selection
  let provider: Provider
  let credential: Provider.Credential
  let target: UpstreamTarget
  let timeouts: Timeouts
}
