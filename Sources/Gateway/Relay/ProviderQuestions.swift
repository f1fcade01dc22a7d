internal import Reactor

/// Asks providers what is no call of a model: how many tokens a prompt has, what a model is, which models are loaded.
///
/// A question takes no slot, and says nothing about a provider's health. Without an answer in time, the endpoint that asked
/// makes one itself.
final class ProviderQuestions {
  /// A question to one provider.
  struct Question {
    /// The provider's index.
    var provider: Int
    var kind: QuestionPath.Kind
    /// The body of a POST.
    var body = BufferChain()
    /// Header fields of the caller that the provider also receives.
    var fields: [String] = []
  }

  /// A complete answer of any status.
  struct Answer {
    var provider: ProviderID
    var status: Int
    var body: [UInt8]
  }

  /// The questions of one connection.
  private struct Asked {
    var running = 0
    var answers: [Answer] = []
    /// The bytes that have arrived, by provider.
    var bodies: [ProviderID: [UInt8]] = [:]
    let then: ([Answer]) -> Void
  }

  /// The most bytes of all answers that are under way. With more, a question has no answer.
  static let allBytesMax = 32 * 1024 * 1024
  /// The time for all questions of a request.
  static let timeout = Duration.seconds(5)

  private let reactor: Reactor
  private let transfers: Transfers
  private var settings: Settings
  /// By the numbers of their connections.
  private var asked: [UInt64: Asked] = [:]
  /// The bytes of all answers that are under way.
  private var heldBytes = 0

  init(_ settings: Settings, reactor: Reactor, transfers: Transfers) {
    self.settings = settings
    self.reactor = reactor
    self.transfers = transfers
  }

  /// Uses other settings from here on.
  func apply(_ settings: Settings) { self.settings = settings }

  /// Whether a provider can be asked.
  func canAsk(_ provider: Int, _ kind: QuestionPath.Kind) -> Bool { settings.target(provider, kind) != nil }

  /// Asks for a connection. `then` receives the answers that came, once all have come or the time is over; it is not called if the
  /// connection ends before.
  func ask(_ connection: Connection, _ questions: [Question], then: @escaping ([Answer]) -> Void) {
    let hops = connection.request?.hops ?? 0
    var began = Asked(then: then)
    // A gateway that asks itself would go on for ever.
    for question in questions where hops + 1 < Hops.hopsMax {
      guard let target = settings.target(question.provider, question.kind) else { continue }
      let provider = settings.providers[question.provider]
      let fields = hops > 0 ? question.fields + [Hops.line(hops + 1)] : question.fields
      let isPost = !question.body.isEmpty
      let credential = provider.credentials[0]
      let request = UpstreamRequest(
        isPost ? .post : .get, target,
        fields: isPost ? credential.fields(with: fields) : credential.getFields(with: fields),
        requestID: connection.request?.options.requestID ?? "", body: question.body,
        http2: provider.http2, connectTimeout: min(provider.timeouts.connect, Self.timeout),
        idleMax: provider.idleMax, addresses: provider.addressPolicy, transport: provider.transport)
      transfers.startQuestion(
        request, connection.number, provider.id, bytesMax: question.kind.answerBytesMax, timeout: Self.timeout)
      began.running += 1
    }
    if began.running == 0 { return then([]) }
    asked[connection.number] = began
  }

  /// A connection ended: its questions are of no use.
  func forget(_ connection: Connection) {
    guard let forgotten = asked.removeValue(forKey: connection.number) else { return }
    release(forgotten)
    for owner in transfers.owners {
      if case .question(let question) = owner, question.connection == connection.number {
        transfers.cancel(question.transfer)
      }
    }
  }

  // MARK: Events

  /// Takes a piece of an answer, because a transfer whose body is not read pauses.
  func bodyReceived(_ question: Transfers.Question) {
    guard let response = reactor.response(of: question.transfer) else { return }
    asked[question.connection]?.bodies[question.provider, default: []].append(response.body.readable)
    heldBytes += response.body.count
    reactor.consumeBody(of: question.transfer, response.body.count)
    let count = asked[question.connection]?.bodies[question.provider]?.count ?? 0
    guard count > question.bytesMax || heldBytes > Self.allBytesMax else { return }
    transfers.cancel(question.transfer)
    ended(question, nil)
  }

  func transferEnded(_ question: Transfers.Question, _ end: TransferEnd) {
    guard end == .complete, let response = reactor.response(of: question.transfer) else {
      return ended(question, nil)
    }
    var body = asked[question.connection]?.bodies[question.provider] ?? []
    body.append(response.body.readable)
    ended(question, Answer(provider: question.provider, status: response.status, body: body))
  }

  /// A question has its answer, or will have none.
  func ended(_ question: Transfers.Question, _ answer: Answer?) {
    guard var waiting = asked.removeValue(forKey: question.connection) else { return }
    waiting.running -= 1
    if let answer { waiting.answers.append(answer) }
    if waiting.running > 0 {
      asked[question.connection] = waiting
    } else {
      release(waiting)
      waiting.then(waiting.answers)
    }
  }

  private func release(_ ended: Asked) { heldBytes -= ended.bodies.values.reduce(0) { $0 + $1.count } }
}

@available(*, unavailable)
extension ProviderQuestions: Sendable {}
