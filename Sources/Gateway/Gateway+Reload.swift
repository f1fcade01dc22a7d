public import Reactor

/// Where another configuration comes from while the gateway runs, and who waits for it.
public final class Reloader: Sendable {
  /// Reads the configuration; may wait, and is called on a thread of its own.
  public typealias Read = @Sendable () -> Result<Configuration, ConfigurationFaults>

  private let read: Read
  let found: Mailbox<Result<Configuration, ConfigurationFaults>>

  public init(_ read: @escaping Read) throws(SystemError) {
    self.read = read
    found = try Mailbox(weightMax: 8)
  }

  /// Reads it now, on the calling thread, and gives it to the gateway.
  public func load() {
    let result = read()
    // The certificates that are trusted are read here, where it may take its time.
    if case .success(let configuration) = result, configuration.enabled.contains(where: \.baseURL.isSecure) {
      CurlLibrary.prepareTLS()
    }
    found.post(result)
  }

  /// Reads it on a thread of its own.
  func loadSoon() {
    do throws(SystemError) {
      try Worker.start { [self] in load() }
    } catch {
      let fault = ConfigurationFault(file: "the configuration", message: "there is no thread to read it: \(error)")
      found.post(.failure(ConfigurationFaults([fault])))
    }
  }
}

/// Another configuration for a running gateway: all of it, or none.
extension Gateway {
  /// Takes what the source finds, and asks it on SIGHUP and `POST /v1/admin/reload`.
  public func watchConfiguration(_ source: Reloader) throws(SystemError) {
    try reactor.watch(source.found)
    reloader = source
  }

  /// Reads the configuration again.
  func reload() { reloader?.loadSoon() }

  /// `POST /v1/admin/reload`: the answer comes when the configuration was read.
  func beginReload(_ connection: Connection) {
    guard let reloader else {
      return refuse(
        connection,
        Refusal(
          400, .invalidValue, "The gateway was started without a configuration file; there is nothing to read."),
        connection.request?.frame)
    }
    reloadWaiting.append(connection)
    reloader.loadSoon()
  }

  /// Takes what the source has found.
  func takeConfiguration() {
    for result in reloader?.found.take() ?? [] {
      var failure: String?
      switch result {
      case .success(let configuration): failure = apply(configuration)
      case .failure(let faults): failure = faults.description
      }
      tell(.reload) {
        Writer.member("ok", failure == nil, to: &$0)
        if let failure { Writer.member("error", String(failure.prefix(2000)), to: &$0) }
      }
      answerReloads(failure)
    }
  }

  private func answerReloads(_ failure: String?) {
    let waiting = reloadWaiting
    reloadWaiting = []
    for connection in waiting where connections[connection.id.bits] === connection && connection.phase == .answer {
      if let failure {
        refuse(
          connection,
          Refusal(400, .invalidValue, "The configuration was not taken; the old one is still in use. \(failure)"),
          connection.request?.frame)
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
    do throws(RouteFault) {
      table = try wished.table(generation: traffic.router.table.generation &+ 1)
    } catch {
      return error.description
    }
    // Lists that are awaited are of providers by their old numbers.
    modelsAreLate()
    var configuration = wished
    let server = self.configuration.server
    configuration.server.bind = server.bind
    configuration.server.port = server.port
    configuration.journal = self.configuration.journal
    self.configuration = configuration
    providers = configuration.enabled.map(Provider.init)
    targets = Self.targets(providers)
    keys = Keys(configuration.auth.tokens)
    hosts = Hosts(bind: server.bind, names: configuration.server.hosts)
    origins = Origins(configuration.server.origins)
    traffic.replace(
      table, policy: configuration.policy, configuration.health(now: reactor.now), configuration.rooms,
      at: reactor.now)
    queue.queue.settings.capacity = configuration.routing.queue.capacity
    models = ModelList()
    armLooks()
    isServingDue = true
    return nil
  }
}
