internal import Reactor

/// Reads the key file again when it has changed, and carries out the orders of callers: one at a time, on a thread.
///
/// The file is replaced as a whole, so there is no need to wait until its writer is done, as with the configuration.
final class KeyFileWork {
  /// The shortest time between two checks.
  private static let pause = Duration.milliseconds(100)
  /// The time after which a file that could not be used is read again: its mode may have changed, which nothing reports.
  private static let retryPause = Duration.seconds(1)
  /// Orders that wait, at most.
  static let waitingMax = 64

  /// An order, and the connection that waits for it.
  private struct Order {
    /// `nil` if it has ended.
    var connection: Connection?
    let request: KeyStore.Request
  }

  private let reactor: Reactor
  private var store: KeyStore?
  private var known: FileWatch.Stamp?
  /// Whether the file as it is cannot be used, and the reason that was told.
  private var hasFailed = false
  private var reason: String?
  private var isCheckDue = false
  private var mustCheck = false
  /// Whether a thread reads or changes the file, and the order that it carries out.
  private var isRunning = false
  private var running: Order?
  private var waiting: [Order] = []

  init(_ reactor: Reactor) { self.reactor = reactor }

  /// Uses a key file from here on. Call it before the loop runs: it may wait for a disk.
  ///
  /// - Parameter stamp: That of the file before it was read at the start, so that no change is missed.
  func watch(_ store: KeyStore, since stamp: FileWatch.Stamp?) throws(SystemError) {
    try reactor.watch(store.updates)
    if let file = store.file { try reactor.watch(file) }
    known = stamp
    self.store = store
    scheduleCheck()
  }

  /// Whether there is a key file.
  var hasStore: Bool { store != nil }

  /// Something has changed in the file's folder: the file is checked soon.
  func scheduleCheck() { scheduleCheck(in: Self.pause) }

  private func scheduleCheck(in pause: Duration) {
    guard store != nil, !isCheckDue else { return }
    isCheckDue = true
    _ = reactor.setTimer(at: reactor.now + pause, tag: TimerKind.keyFile.tag)
  }

  /// The file's keys are in use.
  func succeeded() { hasFailed = false }

  /// The file's keys cannot be used: it is read again soon, whether it has changed or not. Returns whether the reason is news.
  func failed(_ reason: String) -> Bool {
    defer { self.reason = reason }
    hasFailed = true
    scheduleCheck(in: Self.retryPause)
    return reason != self.reason
  }

  /// Checks whether the file has changed, after what runs.
  func check() {
    isCheckDue = false
    mustCheck = true
    startNext()
  }

  /// Carries out an order for a connection, after those before it. Returns false if too many wait.
  func perform(_ request: KeyStore.Request, for connection: Connection) -> Bool {
    guard waiting.count < Self.waitingMax else { return false }
    waiting.append(Order(connection: connection, request: request))
    startNext()
    return true
  }

  /// A connection ended: an order that waits is not carried out, and the result of one that runs has no reader.
  func forget(_ connection: Connection) {
    _ = cancel(connection)
    if running?.connection === connection { running?.connection = nil }
  }

  /// Whether an order of a connection waits. It is not carried out then.
  func cancel(_ connection: Connection) -> Bool {
    let count = waiting.count
    waiting.removeAll { $0.connection === connection }
    return waiting.count < count
  }

  private func startNext() {
    guard let store, !isRunning else { return }
    do throws(SystemError) {
      // First what revokes keys.
      if mustCheck {
        try store.checkSoon(since: known, always: hasFailed)
        mustCheck = false
        isRunning = true
      } else if let order = waiting.first {
        try store.performSoon(order.request)
        running = waiting.removeFirst()
        isRunning = true
      }
    } catch {
      // There is no thread at the moment.
      scheduleCheck()
    }
  }

  /// Something that a thread has done.
  enum Result {
    case keys(Swift.Result<KeyRing, KeyError>)
    /// An order was carried out, or not; the connection is `nil` if it has ended.
    case performed(Connection?, KeyOrder, Swift.Result<KeyStore.Performed, KeyError>)
  }

  /// Takes what the threads have done, in its order.
  func take() -> [Result] {
    guard let updates = store?.updates.take(), !updates.isEmpty else { return [] }
    var results: [Result] = []
    for update in updates {
      isRunning = false
      switch update {
      case .checked(let stamp, let keys):
        if stamp != known { reason = nil }
        known = stamp
        if let keys { results.append(.keys(keys)) }
      case .performed(let result):
        guard let order = running.take() else { continue }
        results.append(.performed(order.connection, order.request.order, result))
      }
    }
    startNext()
    return results
  }
}

@available(*, unavailable)
extension KeyFileWork: Sendable {}
