internal import Reactor

/// Reads the configuration again: on SIGHUP, on `POST /v1/admin/reload`, and when its file has changed.
final class Reloads {
  /// How long the configuration's file must have stayed the same before it is read.
  private static let settleTime = Duration.milliseconds(500)

  private let reactor: Reactor
  private var source: Reloader?
  private var detector = FileChangeDetector(nil)
  private var isCheckDue = false
  /// Connections that wait for the result of a reload.
  private var waiting: [Connection] = []

  init(_ reactor: Reactor) { self.reactor = reactor }

  /// Uses a source from here on. Call it before the loop runs: it may wait for a disk.
  func watch(_ source: Reloader) throws(SystemError) {
    try reactor.watch(source.updates)
    if let file = source.file {
      try reactor.watch(file)
      detector = FileChangeDetector(file.readStamp())
    }
    self.source = source
  }

  /// Whether there is a configuration to read.
  var hasSource: Bool { source != nil }

  /// Reads the configuration. The connection, if there is one, waits for the result.
  func start(for connection: Connection? = nil) {
    if let connection { waiting.append(connection) }
    source?.loadSoon()
  }

  /// A connection ended: it waits no longer.
  func forget(_ connection: Connection) {
    if !waiting.isEmpty { waiting.removeAll { $0 === connection } }
  }

  /// Takes the connections that wait for the result.
  func takeWaiting() -> [Connection] {
    defer { waiting = [] }
    return waiting
  }

  /// Takes what the source has read. Starts another reload where its file has changed.
  func takeConfigurations() -> [Result<Configuration, ConfigurationErrors>] {
    guard let updates = source?.updates.take() else { return [] }
    var configurations: [Result<Configuration, ConfigurationErrors>] = []
    for update in updates {
      switch update {
      case .configuration(let result): configurations.append(result)
      case .file(let stamp):
        switch detector.take(stamp) {
        case .none: break
        case .unsettled: scheduleFileCheck()
        case .changed: start()
        }
      }
    }
    return configurations
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
}

@available(*, unavailable)
extension Reloads: Sendable {}
