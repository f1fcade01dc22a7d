internal import Reactor

/// Reads the configuration again: on SIGHUP, on `POST /v1/admin/reload`, when its file has changed, and at an interval
/// where it is discovered.
final class Reloads {
  /// How long the configuration's file must have stayed the same before it is read.
  private static let settleTime = Duration.milliseconds(500)

  private let reactor: Reactor
  private var source: Reloader?
  private var detector = FileChangeDetector(nil)
  private var isCheckDue = false
  /// Whether the source is being read, and whether another reload was requested since the read began.
  private var isReading = false
  private var isReadAgain = false
  /// Connections that wait for the read that runs, for the one after it, and for the result that is there.
  private var waiting: [Connection] = []
  private var waitingForNext: [Connection] = []
  private var ready: [Connection] = []

  init(_ reactor: Reactor) { self.reactor = reactor }

  /// Uses a source from here on. Call it before the loop runs: it may wait for a disk.
  func watch(_ source: Reloader) throws(SystemError) {
    try reactor.watch(source.updates)
    if let file = source.file {
      try reactor.watch(file)
      detector = FileChangeDetector(file.readStamp())
    }
    self.source = source
    scheduleDiscovery()
  }

  /// Whether there is a configuration to read.
  var hasSource: Bool { source != nil }

  /// Reads the configuration. The connection, if there is one, waits for the result.
  ///
  /// One read runs at a time. A request that arrives during a read gets the result of the next one, because the file may
  /// have changed since the read began.
  func start(for connection: Connection? = nil) {
    guard let source else { return }
    if isReading {
      isReadAgain = true
      if let connection { waitingForNext.append(connection) }
      return
    }
    if let connection { waiting.append(connection) }
    isReading = true
    source.loadSoon()
  }

  /// A connection ended: it waits no longer.
  func forget(_ connection: Connection) {
    waiting.removeAll { $0 === connection }
    waitingForNext.removeAll { $0 === connection }
    ready.removeAll { $0 === connection }
  }

  /// Whether a connection waits for the result that is there.
  var isAwaited: Bool { !ready.isEmpty }

  /// Takes the connections that wait for the result.
  func takeWaiting() -> [Connection] {
    defer { ready = [] }
    return ready
  }

  /// Takes what the source has read, if that is complete. Starts another reload where its file has changed.
  func takeConfiguration() -> Result<Configuration, ConfigurationErrors>? {
    guard let updates = source?.updates.take() else { return nil }
    var result: Result<Configuration, ConfigurationErrors>?
    for update in updates {
      switch update {
      case .configuration(let read):
        result = read
        readEnded()
      case .file(let stamp):
        switch detector.take(stamp) {
        case .none: break
        case .unsettled: scheduleFileCheck()
        case .changed: start()
        }
      }
    }
    return result
  }

  private func readEnded() {
    isReading = false
    ready += waiting
    waiting = waitingForNext
    waitingForNext = []
    guard isReadAgain else { return }
    isReadAgain = false
    start()
  }

  /// Something has changed in the file's folder: the file is checked soon.
  func scheduleFileCheck() {
    if isCheckDue { return }
    isCheckDue = true
    _ = reactor.setTimer(at: reactor.now + Self.settleTime, tag: TimerKind.file.tag)
  }

  /// Checks whether the file has changed.
  func checkFile() {
    isCheckDue = false
    source?.checkSoon()
  }

  /// The interval of a source that is discovered is over.
  func discover() {
    start()
    scheduleDiscovery()
  }

  private func scheduleDiscovery() {
    guard let interval = source?.interval else { return }
    _ = reactor.setTimer(at: reactor.now + interval, tag: TimerKind.discovery.tag)
  }
}

@available(*, unavailable)
extension Reloads: Sendable {}
