public import Reactor

/// The source of another configuration for a running gateway: reads it on a thread of its own.
public final class Reloader: Sendable {
  /// Reads the configuration. It may block, and is called on a thread of its own.
  public typealias Read = @Sendable () -> Result<Configuration, ConfigurationErrors>

  /// The result of a read on a thread.
  enum Update: Sendable {
    case configuration(Result<Configuration, ConfigurationErrors>)
    case file(FileWatch.Stamp?)
  }

  private let read: Read
  let file: FileWatch?
  /// The time after which the configuration is read again without being asked for; `nil` for never.
  let interval: Duration?
  let updates: Mailbox<Update>

  /// A source that is read on request, when `file` has changed, and at an interval.
  public init(file: FileWatch? = nil, every interval: Duration? = nil, _ read: @escaping Read) throws(SystemError) {
    self.read = read
    self.file = file
    self.interval = interval
    updates = try Mailbox(weightMax: 8)
  }

  /// Reads the state of the file on a thread of its own.
  func checkSoon() {
    guard let file else { return }
    // Without a thread this change is missed; the next one is noticed again, and SIGHUP reports why there is none.
    try? Worker.start { [updates] in updates.post(.file(file.readStamp())) }
  }

  private func load() {
    let result = read()
    // The trusted certificates are read here, where it may take its time.
    if case .success(let configuration) = result, configuration.enabled.contains(where: \.usesTLS) {
      CurlLibrary.prepareTLS()
    }
    updates.post(.configuration(result))
  }

  /// Reads the configuration on a thread of its own.
  func loadSoon() {
    do throws(SystemError) {
      try Worker.start { [self] in load() }
    } catch {
      let error = ConfigurationError(
        file: "the configuration", message: "cannot start a thread to read it: \(error)")
      updates.post(.configuration(.failure(ConfigurationErrors([error]))))
    }
  }
}
