import ArgumentParser
import Gateway
import Glibc
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

  func run() throws {
    var loaded = try ConfigurationSource.load(config)
    do throws(ConfigurationErrors) {
      try loaded.configuration.listen(bind: bind, port: port, source: bind == nil ? "--port" : "--bind")
    } catch {
      Terminal.printError("\(error)")
      throw ExitCode.configuration
    }
    if let maxMemory { loaded.configuration.server.memoryBytesMax = maxMemory }
    Self.prepareProcess()
    let hotRestart = HotRestart()
    do throws(SystemError) {
      var options = Gateway.reactorOptions(loaded.configuration)
      options.takesSignals = true
      let reactor = try Reactor(options)
      let gateway = try Gateway(loaded.configuration, reactor: reactor, seed: UInt64.random(in: .min ... .max))
      let port = try gateway.listen(inherited: hotRestart.listener)
      Terminal.printError(Self.banner(loaded, port))
      if gateway.clientsMax < loaded.configuration.server.clientsMax {
        Terminal.printError(
          "hoosh: limited to \(gateway.clientsMax) clients because the process may open only "
            + "\(Reactor.descriptorsMax) files; raise `ulimit -n` to allow more"
        )
      }
      try gateway.monitorHardware(HardwareScan.options(), prices: HardwareScan.prices())
      if loaded.isFile { try watch(loaded.origin, for: gateway) }
      hotRestart.stopPredecessor()

      while !gateway.isOver {
        for event in reactor.turn() {
          if case .signal(.user2) = event { HotRestart.startSuccessor(reactor.listenerDescriptor) }
          gateway.handle(event)
        }
      }
      Self.flushOutput(reactor)
    } catch {
      let server = loaded.configuration.server
      let hint = error.isAddressInUse ? "; another process uses this port, choose another with --port" : ""
      Terminal.printError("hoosh: cannot serve on \(server.bind):\(server.port): \(error)\(hint)")
      throw ExitCode.failure
    }
  }

  /// Reloads the configuration on `SIGHUP` and when the file changes.
  private func watch(_ path: String, for gateway: Gateway) throws(SystemError) {
    let memoryMax = maxMemory
    let read: Reloader.Read = {
      let read = ConfigurationSource.reload(path)
      if case .failure(let errors) = read {
        Terminal.printError("hoosh: reload failed; the previous configuration stays in use\n\(errors)")
      }
      return read.map { read in
        var configuration = read
        if let memoryMax { configuration.server.memoryBytesMax = memoryMax }
        return configuration
      }
    }
    var file: FileWatch?
    do throws(SystemError) { file = try FileWatch(path) } catch {
      Terminal.printError("hoosh: cannot watch \(path) for changes (\(error)); send SIGHUP to reload it")
    }
    try gateway.watchConfiguration(try Reloader(file: file, read))
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

  /// Ignores `SIGPIPE`, so that a closed connection does not end the process, takes standard error off the loop, and
  /// raises the descriptor limit.
  private static func prepareProcess() {
    _ = signal(SIGPIPE, SIG_IGN)
    LineWriter.startServing()
    Reactor.returnLargeBlocks()
    var limit = rlimit()
    if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      limit.rlim_cur = limit.rlim_max
      _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
  }

  /// Sends pending output for up to 5 seconds, or until a signal arrives.
  private static func flushOutput(_ reactor: Reactor) {
    let end = reactor.now + .seconds(5)
    repeat {
      for case .signal in reactor.turn(atMost: .milliseconds(10)) { return }
    } while reactor.waitingBytes.output > 0 && reactor.now < end
  }

  private static func banner(_ loaded: ConfigurationSource.Loaded, _ port: Int) -> String {
    let configuration = loaded.configuration
    let host =
      configuration.server.bind.contains(":") ? "[\(configuration.server.bind)]" : configuration.server.bind
    let url = "http://\(host):\(port)"
    var lines = ["hoosh \(Gateway.version) listens on \(url) (configuration: \(loaded.origin))"]
    for provider in configuration.providers where provider.isEnabled {
      let models = provider.models.isEmpty ? "every model" : provider.models.joined(separator: ", ")
      let place = provider.baseURL.isInProcess ? "in process" : provider.baseURL.text
      lines.append("  \(provider.name): \(models), \(place)")
    }
    if !loaded.isFile, loaded.found.isEmpty, configuration.providers.count == 1 {
      lines.append("  No local model server was found (Ollama, llama.cpp, LM Studio, vLLM), and no API key is set.")
    }
    let model =
      configuration.providers.first { $0.isEnabled && $0.kind == .demo }
      .flatMap { $0.models.first { !$0.contains("*") } } ?? "MODEL"
    let key = configuration.auth.tokens.isEmpty ? "" : " -H 'authorization: Bearer YOUR_KEY'"
    lines.append("Try:")
    lines.append(
      "  curl -N \(url)/v1/chat/completions\(key) -H 'content-type: application/json' "
        + "-d '{\"model\":\"\(model)\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'")
    return lines.joined(separator: "\n")
  }
}
