internal import Reactor

/// The client connections: reads their requests, sends their responses, and enforces their limits and timeouts.
final class Connections {
  /// Pipelined input that may wait while a request is answered, in bytes.
  static let pipelineBytesMax = 64 * 1024
  /// Bytes a second at which a body must arrive in each period of its timeout.
  static let bodyRateMin = 1024
  /// Requests on one connection.
  static let requestsMax = 10_000
  /// How long a connection may still bring a request after the drain began: one that is idle between two requests, and
  /// one that was accepted just now. A request on its way is not lost.
  static let idleDrainGrace = Duration.milliseconds(100)
  static let newConnectionDrainGrace = Duration.milliseconds(500)

  let reactor: Reactor
  let recorder: Recorder
  private(set) var settings: Settings
  private(set) var table = IDTable<Connection>()
  var capacity: Capacity
  /// The addresses from which wrong keys for administration came.
  private(set) var guesses = KeyGuesses()
  /// The connections that no caller with an API key has used.
  var strangers = Strangers()
  /// When the drain began; no new request is read after it.
  private(set) var drainBegan: Duration?
  private var date = HTTPDate()
  private var random: SplitMix
  /// The output buffer of the event at hand, kept for its capacity.
  private var scratch: [UInt8] = []
  /// Connections whose response was completed outside of `Gateway.serve`: their next request may be there already.
  private var finished: [Connection] = []
  /// The bytes that were held for each caller when they were last measured.
  var heldBytes = HeldBytes()
  /// Whether a timer is set for returning memory.
  var isTrimDue = false

  init(_ settings: Settings, reactor: Reactor, recorder: Recorder, seed: UInt64) {
    self.reactor = reactor
    self.recorder = recorder
    self.settings = settings
    random = SplitMix(state: seed)
    capacity = Capacity(settings.configuration.server, descriptorsMax: Reactor.descriptorsMax)
    date.update(reactor.wallClock)
    reactor.exhaustedReply = Self.exhaustedReply(date: date.text)
  }

  /// Uses other settings from here on.
  func apply(_ settings: Settings) { self.settings = settings }

  var isDraining: Bool { drainBegan != nil }
  var count: Int { table.count }
  /// The open connections, in no particular order.
  var open: [Connection] { table.values }

  /// The connection of a client; `nil` for a stale ID.
  subscript(_ client: ClientID) -> Connection? { table[client.bits] }

  /// The connection with that number; `nil` for a stale one.
  subscript(number number: UInt64) -> Connection? { table[number] }

  /// Whether a connection is still open.
  func isOpen(_ connection: Connection) -> Bool { table[connection.number] === connection }

  // MARK: Guesses

  /// Rejects a request for administration whose address has sent too many wrong keys, before its key is looked up.
  func checkGuesses(_ connection: Connection) throws(APIError) {
    guard let wait = guesses.wait(of: Self.network(connection), now: reactor.now) else { return }
    throw APIError(
      429, .rateLimitExceeded, "Too many requests of this address had no valid API key. Retry later.", closes: true,
      retryAfter: wait.wholeSeconds)
  }

  /// A request for administration had a wrong key.
  func noteGuess(_ connection: Connection) { guesses.failed(Self.network(connection), now: reactor.now) }

  private static func network(_ connection: Connection) -> [UInt8] { connection.address?.network.bytes ?? [] }

  // MARK: Begin and end

  /// Accepts a client, or rejects it if there are too many.
  func accept(_ client: ClientID) {
    let connection = Connection(
      client, reactor.address(of: client), isAdministration: reactor.isOfSecondListener(client), now: reactor.now)
    table[client.bits] = connection
    guard let apiError = limitReached(by: connection) else { return schedule(connection) }
    capacity.rejected += 1
    if exceedsErrorReplyLimit { return reset(connection) }
    reject(connection, apiError)
  }

  /// Stops reading new requests, except those that are on their way.
  func drain() {
    drainBegan = reactor.now
    for connection in table.values where connection.phase == .idle { schedule(connection) }
  }

  /// Ends a connection so that the client can read the output that was sent.
  func close(_ connection: Connection) {
    remove(connection)
    reactor.close(connection.id)
  }

  /// Ends a connection immediately.
  func reset(_ connection: Connection) {
    remove(connection)
    reactor.reset(connection.id)
  }

  /// Forgets a connection that has ended. A request without an exchange that was still being read or answered is recorded.
  func remove(_ connection: Connection) {
    guard isOpen(connection) else { return }
    if let request = connection.request, connection.exchange == nil {
      connection.request = nil
      conclude(connection, request, 499, .clientClosed, nil, bytesOut: 0)
    }
    if let timer = connection.timer { reactor.cancel(timer) }
    connection.timer = nil
    table[connection.number] = nil
    connection.job = nil
    capacity.removeConnection(connection.address)
    releaseBody(connection)
    trimIfPastPeak()
  }

  // MARK: Output

  /// Queues output, and notes when the client is above the high-water mark.
  func send(_ output: Span<UInt8>, to connection: Connection) {
    let waiting = reactor.send(output, to: connection.id)
    guard waiting > reactor.outputHighWater, !connection.isAboveHighWater else { return }
    connection.isAboveHighWater = true
    connection.aboveHighWaterSince = reactor.now
    connection.bytesAtHighWater = waiting
  }

  /// Takes the output buffer, empty. Give it back with `keep`.
  func takeScratch() -> [UInt8] {
    var out = scratch
    scratch = []
    if out.capacity > 1024 * 1024 { out = [] }
    out.removeAll(keepingCapacity: true)
    return out
  }

  /// Keeps an output buffer for its capacity.
  func keep(_ buffer: consuming [UInt8]) { scratch = buffer }

  /// The value of the `Date` field.
  func currentDate() -> [UInt8] {
    date.update(reactor.wallClock)
    return date.text
  }

  func mintRequestID() -> String {
    RequestID.mint(random: &random, milliseconds: reactor.wallClock / 1_000_000)
  }

  // MARK: After a response

  /// The response is complete: the connection reads its next request, or ends.
  func finishRequest(_ connection: Connection) {
    let keepsAlive = connection.request?.options.keepsAlive ?? false
    connection.request = nil
    connection.exchange = nil
    connection.job = nil
    connection.subscription = nil
    releaseBody(connection)
    connection.body = []
    guard keepsAlive, !isDraining else { return close(connection) }
    connection.enter(.idle, now: reactor.now)
    if connection.isInputPaused {
      connection.isInputPaused = false
      reactor.pauseInput(of: connection.id, false)
    }
    if !connection.isServing { finished.append(connection) }
  }

  /// Takes a connection whose response was completed and whose next request may be there already.
  func takeFinished() -> Connection? { finished.isEmpty ? nil : finished.removeLast() }
}

@available(*, unavailable)
extension Connections: Sendable {}
