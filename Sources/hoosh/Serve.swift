import ArgumentParser
import Gateway
import Glibc
import Reactor

/// Runs the gateway: the loop is in `run`.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Run the gateway (the default).")

  @Option(name: .shortAndLong, help: "The port to listen on; 0 lets the system choose.")
  var port: Int?

  @Option(help: "The IPv4 or IPv6 address to listen on.")
  var bind: String?

  @Option(name: .shortAndLong, help: "The configuration file. Without it ./hoosh.toml, if there is one.")
  var config: String?

  @Option(
    help: "Memory above which new requests are refused, in bytes or as in 512M or 2G. It overrides the file.",
    transform: Size.bytes)
  var maxMemory: Int?

  func run() throws {
    var loaded = try ConfigurationSource.load(config)
    do throws(ConfigurationFaults) {
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
          "hoosh: \(gateway.clientsMax) clients at once, for the \(Reactor.descriptorsMax) descriptors of this process"
        )
      }
      try gateway.watchHardware(HardwareScan.options(), prices: HardwareScan.prices())
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
      let hint = error.isAddressInUse ? "; something listens there already, choose another with --port" : ""
      Terminal.printError("hoosh: cannot serve on \(server.bind):\(server.port): \(error)\(hint)")
      throw ExitCode.failure
    }
  }

  /// Gives the gateway what the file says, whenever it is asked for or the file has changed.
  private func watch(_ path: String, for gateway: Gateway) throws(SystemError) {
    let memoryMax = maxMemory
    let read: Reloader.Read = {
      let read = ConfigurationSource.reload(path)
      if case .failure(let faults) = read {
        Terminal.printError("hoosh: the configuration was not taken, the one before is still in use\n\(faults)")
      }
      return read.map { read in
        var configuration = read
        if let memoryMax { configuration.server.memoryBytesMax = memoryMax }
        return configuration
      }
    }
    var file: FileWatch?
    do throws(SystemError) { file = try FileWatch(path) } catch {
      Terminal.printError("hoosh: changes of \(path) will not be noticed (\(error)); send SIGHUP after one")
    }
    try gateway.watchConfiguration(try Reloader(file: file, read))
  }

  /// Amounts of memory, as people write them.
  enum Size {
    static func bytes(_ text: String) throws -> Int {
      let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
      let unit = text.last.flatMap { units[Character($0.uppercased())] }
      let digits = unit == nil ? text[...] : text.dropLast()
      guard let number = Int(digits), number >= 0, number <= 1 << 40 / (unit ?? 1) else {
        throw ValidationError("A size is a number of bytes, or one with K, M or G behind it.")
      }
      return number * (unit ?? 1)
    }
  }

  /// A peer that closes must not end the process; as many descriptors as the system gives.
  private static func prepareProcess() {
    _ = signal(SIGPIPE, SIG_IGN)
    Reactor.returnLargeBlocks()
    var limit = rlimit()
    if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      limit.rlim_cur = limit.rlim_max
      _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
  }

  /// Sends what is still queued for clients, for a while; a signal ends that too.
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
      lines.append("  No local model server answered (Ollama, llama.cpp, LM Studio, vLLM) and no key is set.")
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
