public import Reactor

/// Where another configuration comes from while the gateway runs, and who waits for it.
public final class Reloader: Sendable {
  /// Reads the configuration; may wait, and is called on a thread of its own.
  public typealias Read = @Sendable () -> Result<Configuration, ConfigurationErrors>

  /// What comes from a thread that read or looked.
  enum Found: Sendable {
    case configuration(Result<Configuration, ConfigurationErrors>)
    case file(FileWatch.Stamp?)
  }

  private let read: Read
  let file: FileWatch?
  let found: Mailbox<Found>

  /// A source that is read when it is asked for, and when `file` has changed.
  public init(file: FileWatch? = nil, _ read: @escaping Read) throws(SystemError) {
    self.read = read
    self.file = file
    found = try Mailbox(weightMax: 8)
  }

  /// Looks how the file is, on a thread of its own.
  func lookSoon() {
    guard let file else { return }
    // Without a thread nobody looks this time; the next change is told again, and SIGHUP says why there is none.
    try? Worker.start { [found] in found.post(.file(file.readStamp())) }
  }

  private func load() {
    let result = read()
    // The certificates that are trusted are read here, where it may take its time.
    if case .success(let configuration) = result, configuration.enabled.contains(where: \.baseURL.isSecure) {
      CurlLibrary.prepareTLS()
    }
    found.post(.configuration(result))
  }

  /// Reads it on a thread of its own.
  func loadSoon() {
    do throws(SystemError) {
      try Worker.start { [self] in load() }
    } catch {
      let fault = ConfigurationError(file: "the configuration", message: "there is no thread to read it: \(error)")
      found.post(.configuration(.failure(ConfigurationErrors([fault]))))
    }
  }
}

/// What looks at a file tell of it: that it has changed, once it has stayed the same from one look to the next.
struct FileNews {
  enum News {
    case none
    /// It is another one than at the last look, and may still be written to: look again.
    case unsettled
    case changed
  }

  /// Its state at the start or when it was told last, and the one seen last.
  private var known: FileWatch.Stamp?
  private var last: FileWatch.Stamp?

  init(_ first: FileWatch.Stamp?) {
    known = first
    last = first
  }

  /// Takes what a look saw.
  mutating func take(_ now: FileWatch.Stamp?) -> News {
    defer { last = now }
    if now != last { return .unsettled }
    if now == nil || now == known { return .none }
    known = now
    return .changed
  }
}

/// Another configuration for a running gateway: all of it, or none.
extension Gateway {
  /// How long the configuration's file must have been the same before it is read.
  private static let filePause = Duration.milliseconds(500)

  /// Takes what the source finds, and asks it on SIGHUP, on `POST /v1/admin/reload` and when its file has
  /// changed since. Before the loop runs: it may wait for a disk.
  public func watchConfiguration(_ source: Reloader) throws(SystemError) {
    try reactor.watch(source.found)
    if let file = source.file {
      try reactor.watch(file)
      fileNews = FileNews(file.readStamp())
    }
    reloader = source
  }

  /// Reads the configuration again.
  func reload() { reloader?.loadSoon() }

  /// `POST /v1/admin/reload`: the answer comes when the configuration was read.
  func beginReload(_ connection: Connection) {
    guard let reloader else {
      return refuse(
        connection,
        APIError(
          400, .invalidValue, "The gateway was started without a configuration file; there is nothing to read."),
        connection.request?.replyOptions)
    }
    reloadWaiting.append(connection)
    reloader.loadSoon()
  }

  /// Takes what the source has found.
  func takeConfiguration() {
    for found in reloader?.found.take() ?? [] {
      switch found {
      case .configuration(.success(let configuration)): finishReload(apply(configuration))
      case .configuration(.failure(let faults)): finishReload(faults.description)
      case .file(let stamp): sawFile(stamp)
      }
    }
  }

  private func finishReload(_ failure: String?) {
    tell(.reload) {
      Writer.member("ok", failure == nil, to: &$0)
      if let failure { Writer.member("error", String(failure.prefix(2000)), to: &$0) }
    }
    answerReloads(failure)
  }

  /// Something has changed where the file is: soon it is looked whether it was the file.
  func lookAtFileLater() {
    if isFileLookDue { return }
    isFileLookDue = true
    _ = reactor.setTimer(at: reactor.now + Self.filePause, tag: Alarm.file.tag)
  }

  func lookAtFile() {
    isFileLookDue = false
    reloader?.lookSoon()
  }

  private func sawFile(_ stamp: FileWatch.Stamp?) {
    switch fileNews.take(stamp) {
    case .none: break
    case .unsettled: lookAtFileLater()
    case .changed: reload()
    }
  }

  private func answerReloads(_ failure: String?) {
    let waiting = reloadWaiting
    reloadWaiting = []
    for connection in waiting where connections[connection.id.bits] === connection && connection.phase == .answer {
      if let failure {
        refuse(
          connection,
          APIError(400, .invalidValue, "The configuration was not taken; the old one is still in use. \(failure)"),
          connection.request?.replyOptions)
      } else {
        reply(connection, 200, "{\"status\":\"reloaded\"}\n")
      }
      advance(connection)
    }
  }

  /// Uses another configuration from here on; why it cannot, if so.
  ///
  /// Requests that run go on as they began, and their next attempt goes by the new one. What is known of providers that
  /// keep their name stays known. Where it listens, its journal and its bounds for clients are as they were at the start.
  func apply(_ wished: Configuration) -> String? {
    if isDraining { return "the gateway is stopping" }
    let table: RouteTable
    do throws(RouteTableError) {
      table = try wished.table(generation: balancer.router.table.generation &+ 1)
    } catch {
      return error.description
    }
    // Lists that are awaited are of providers by their old numbers.
    modelsAreLate()
    var configuration = wished
    let server = self.configuration.server
    configuration.server.bind = server.bind
    configuration.server.port = server.port
    configuration.accessLog = self.configuration.accessLog
    self.configuration = configuration
    providers = Self.providers(configuration)
    targets = Self.targets(providers)
    keys = APIKeys(configuration.auth.tokens)
    hosts = HostAllowlist(bind: server.bind, names: configuration.server.allowedHosts)
    origins = OriginAllowlist(configuration.server.allowedOrigins)
    balancer.replace(
      table, policy: configuration.policy, configuration.health(now: reactor.now), configuration.concurrencyLimits,
      known: configuration.knownModels, at: reactor.now)
    queue.forgetLanes()
    queue.queue.settings.capacity = configuration.routing.queue.capacity
    models = ModelList()
    armLooks()
    isServingDue = true
    return nil
  }
}
