import ArgumentParser
import Gateway
import Glibc
import Ledger
import Reactor

/// The `serve` command, which runs the gateway. `run` contains the loop.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Run the gateway (the default).")

  @Option(name: .shortAndLong, help: "The port to listen on. 0 lets the system choose.")
  var port: Int?

  @Option(help: "The IPv4 or IPv6 address to listen on.")
  var bind: String?

  @Option(name: .shortAndLong, help: "The configuration file. Defaults to ./hoosh.toml, if it exists.")
  var config: String?

  @Option(
    help: "The memory above which new requests are rejected, in bytes or as in 512M or 2G.",
    transform: Size.bytes)
  var maxMemory: Int?

  @Flag(help: "Keep no ledger: budgets, limits, and costs begin again with the next start.")
  var ephemeral = false

  func run() throws {
    if Environment.value("HOOSH_CORE_DUMPS") != "1" { Reactor.hideMemory() }
    let hotRestart = HotRestart()
    var loaded = try ConfigurationSource.load(config, ownPorts: ownPorts(hotRestart))
    do throws(ConfigurationErrors) {
      loaded.configuration = try overridden(loaded.configuration)
    } catch {
      Terminal.printError("\(error)")
      throw ExitCode.configuration
    }
    let keys = try ServeKeys(loaded)
    Self.prepareProcess()
    do {
      var options = Gateway.reactorOptions(loaded.configuration)
      options.takesSignals = true
      let reactor = try Reactor(options)
      let gateway = try Gateway(
        loaded.configuration, keys: keys.ring, reactor: reactor, seed: UInt64.random(in: .min ... .max))
      Terminal.printError(Self.overview(loaded))
      let hasStopped = try LedgerStart.keep(loaded.configuration, for: gateway, after: hotRestart)
      // Before any client can connect, so that a client which is there can rely on it.
      LineWriter.finishServing(within: .milliseconds(100))
      let port = try gateway.listen(inherited: hotRestart.listener)
      Terminal.printError(Self.banner(loaded, port, reactor))
      if gateway.clientsMax < loaded.configuration.server.clientsMax {
        Terminal.printError(
          "hoosh: limited to \(gateway.clientsMax) clients because the process may open only "
            + "\(Reactor.descriptorsMax) files; raise `ulimit -n` to allow more"
        )
      }
      try gateway.monitorHardware(HardwareScan.options(), prices: HardwareScan.prices())
      try watch(loaded, for: gateway)
      try keys.watch(for: gateway)
      let restarts = try HotRestarts(reactor)
      if !hasStopped { hotRestart.stopPredecessor() }
      try Self.listenForAdministration(gateway, loaded, waits: hotRestart.hasPredecessor)
      Self.loop(gateway, reactor, restarts)
    } catch let error as SystemError {
      let server = loaded.configuration.server
      let hint = error.isAddressInUse ? "; another process uses this port, choose another with --port" : ""
      Terminal.printError("hoosh: cannot serve on \(server.bind):\(server.port): \(error)\(hint)")
      throw ExitCode.failure
    } catch ListenError.system(let error) {
      let server = loaded.configuration.server
      let hint = error.isAddressInUse ? "; another process uses this port, choose another with --port" : ""
      Terminal.printError("hoosh: cannot serve on \(server.bind):\(server.port): \(error)\(hint)")
      throw ExitCode.failure
    } catch ListenError.unprotected(let address) {
      Terminal.printError(
        "hoosh: the inherited socket listens on \(address), which other machines can reach, but \(loaded.origin) has no "
          + "API keys; add [auth] tokens, or set auth.open = true if everyone may use your providers")
      throw ExitCode.configuration
    }
  }

  /// Listens for administration, if it has a listener of its own.
  private static func listenForAdministration(
    _ gateway: Gateway, _ loaded: ConfigurationSource.Loaded, waits: Bool
  ) throws {
    guard let admin = loaded.configuration.admin else { return }
    do throws(SystemError) {
      let port = try gateway.listenForAdministration(waits: waits) ?? admin.port
      let host = admin.bind.contains(":") ? "[\(admin.bind)]" : admin.bind
      Terminal.printError("hoosh: administration at http://\(host):\(port)/v1/admin")
    } catch {
      Terminal.printError("hoosh: cannot listen for administration on \(admin.bind):\(admin.port): \(error)")
      throw ExitCode.failure
    }
  }

  /// Handles events until the gateway is over.
  private static func loop(_ gateway: Gateway, _ reactor: Reactor, _ restarts: HotRestarts) {
    while !gateway.isOver {
      for event in reactor.turn() {
        switch event {
        case .signal(.user2): restarts.start(reactor.listenerDescriptor)
        case .mailboxReady: restarts.takeEnded()
        default: break
        }
        gateway.handle(event)
      }
      for notice in gateway.takeNotices() { Terminal.printError(notice) }
    }
    flushOutput(reactor)
  }

  /// The ports that this gateway will listen on, as far as they are known before it does.
  private func ownPorts(_ hotRestart: HotRestart) -> Set<UInt16> {
    if let listener = hotRestart.listener { return Reactor.port(of: listener).map { [$0] } ?? [] }
    return [UInt16(clamping: port ?? Configuration.defaultPort)]
  }

  /// Returns a configuration with what the command line says in its place.
  private func overridden(_ read: Configuration) throws(ConfigurationErrors) -> Configuration {
    var configuration = read
    try configuration.listen(bind: bind, port: port, source: bind == nil ? "--port" : "--bind")
    if let maxMemory { configuration.server.memoryBytesMax = maxMemory }
    if ephemeral { configuration.ledger.path = "" }
    return configuration
  }

  /// Reloads the configuration on `SIGHUP` and when the file changes, or discovers local servers at an interval.
  private func watch(_ loaded: ConfigurationSource.Loaded, for gateway: Gateway) throws(SystemError) {
    let serve = self
    let override: @Sendable (Configuration) -> Result<Configuration, ConfigurationErrors> = { read in
      do throws(ConfigurationErrors) { return .success(try serve.overridden(read)) } catch {
        return .failure(error)
      }
    }
    if let discovery = loaded.discovery {
      let reloader = try Reloader(every: Discovery.interval) { override(discovery.run()) }
      return try gateway.watchConfiguration(reloader)
    }
    let name = loaded.origin
    let isFound = config == nil
    let path = ConfigurationFile.absolute(name)
    var file: FileWatch?
    if ConfigurationFile.isRegular(path) {
      do throws(SystemError) { file = try FileWatch(path) } catch {
        Terminal.printError("hoosh: cannot watch \(name) for changes (\(error)); send SIGHUP to reload it")
      }
    }
    try gateway.watchConfiguration(
      Reloader(file: file) { ConfigurationSource.reload(name, at: path, isFound: isFound).flatMap(override) })
  }

  /// Parses memory sizes.
  enum Size {
    /// Parses a size such as 512M. Throws a `ValidationError` if it is invalid.
    static func bytes(_ text: String) throws -> Int {
      let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
      let unit = text.last.flatMap { units[Character($0.uppercased())] }
      let digits = unit == nil ? text[...] : text.dropLast()
      guard let number = Int(digits), number >= 0, number <= 1 << 40 / (unit ?? 1) else {
        throw ValidationError("A size is a number of bytes, optionally with the suffix K, M, or G.")
      }
      return number * (unit ?? 1)
    }
  }

  /// Ignores `SIGPIPE`, so that a closed connection does not end the process, and `SIGIO`, raises the descriptor limit, and
  /// takes standard error off the loop.
  private static func prepareProcess() {
    _ = signal(SIGPIPE, SIG_IGN)
    // The kernel sends it when another process opens a file that `FileWatch.isBeingWritten` checks.
    _ = signal(SIGIO, SIG_IGN)
    Reactor.raiseDescriptorsMax()
    Reactor.returnLargeBlocks()
    LineWriter.startServing()
  }

  /// Sends pending output for up to 5 seconds, or until a signal arrives.
  private static func flushOutput(_ reactor: Reactor) {
    let end = reactor.now + .seconds(5)
    repeat {
      for case .signal in reactor.turn(atMost: .milliseconds(10)) { return }
    } while reactor.waitingBytes.output > 0 && reactor.now < end
  }

  /// The providers, and what else the operator should know of the configuration.
  private static func overview(_ loaded: ConfigurationSource.Loaded) -> String {
    let configuration = loaded.configuration
    var lines = ["Providers:"]
    for provider in configuration.providers where provider.isEnabled {
      let models = provider.models.isEmpty ? "every model" : provider.models.joined(separator: ", ")
      lines.append("  \(provider.name): \(models), \(provider.place)")
    }
    lines += configuration.notes.map { "  \($0.dropFirst("hoosh: ".count))" }
    if !loaded.isFile, configuration.providers.count == 1 {
      lines.append("  No local model server was found (Ollama, llama.cpp, LM Studio, vLLM), and no API key is set.")
    }
    return lines.joined(separator: "\n")
  }

  /// The address that clients use, and a request to try.
  private static func banner(_ loaded: ConfigurationSource.Loaded, _ port: Int, _ reactor: Reactor) -> String {
    let configuration = loaded.configuration
    let bind = reactor.listenerAddress.map { "\($0)" } ?? configuration.server.bind
    let url = "http://\(bind.contains(":") ? "[\(bind)]" : bind):\(port)"
    let model =
      configuration.providers.first { $0.isEnabled && $0.kind == .demo }
      .flatMap { $0.models.first { !$0.contains("*") } } ?? "MODEL"
    let key = !configuration.auth.needsKey ? "" : " -H 'authorization: Bearer YOUR_KEY'"
    return """
      hoosh \(Gateway.version) listens on \(url) (configuration: \(loaded.origin))
      Try:
        curl -N \(url)/v1/chat/completions\(key) -H 'content-type: application/json' \
      -d '{"model":"\(model)","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
      """
  }
}
