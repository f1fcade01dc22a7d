import ArgumentParser
import Gateway
import Probe
import Reactor

/// Says what this program is, how its connections are tuned, and what the machine has.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the machine, versions, tuning and configured providers.")

  @Option(name: .shortAndLong, help: "The configuration file. Without it ./hoosh.toml, if there is one.")
  var config: String?

  @Option(help: "Show what the gateway at this address holds, and how its loop fares, instead.")
  var server: String?

  @Option(help: "The key to present there; HOOSH_KEY in the environment does the same.")
  var key: String?

  @Flag(help: "Print what the machine has, as JSON, and nothing else.")
  var json = false

  @Flag(help: "Do not ask the drivers; what the kernel says is enough.")
  var noDrivers = false

  @Flag(help: "Ask every graphics driver that is installed, also without a device for it.")
  var everyDriver = false

  func run() throws {
    if let server { return try showStatus(of: server) }
    if json {
      let snapshot = HardwareScan.snapshot(asksDrivers: !noDrivers, asksEveryDriver: everyDriver)
      return Terminal.write(snapshot.json + [0x0a])
    }
    let loaded = try ConfigurationSource.load(config)
    print(HardwareScan.snapshot(asksDrivers: !noDrivers, asksEveryDriver: everyDriver).summary)
    print("\(Terminal.bold("hoosh")) \(Gateway.version), libcurl \(CurlLibrary.version)")
    print("\(Terminal.bold("configuration")): \(loaded.origin)")
    print(Terminal.bold("tuning"))
    for (name, value) in rows(loaded.configuration) { print("  \(padded(name, 34))\(value)") }
    print(Terminal.bold("providers"))
    for provider in loaded.configuration.providers {
      let state = provider.isEnabled ? "" : " (disabled)"
      let place = provider.baseURL.isInProcess ? "in process" : provider.baseURL.text
      print(
        "  \(padded(provider.name, 16))\(padded(place, 40))"
          + "HTTP/2 \(provider.http2 ? "on" : "off"), idle \(provider.idle)\(state)")
    }
  }

  private func showStatus(of server: String) throws {
    let answer = try ServerOptions.send(server, key: key, .get, "/v1/status")
    guard answer.status == 200 else {
      Terminal.printError("hoosh: \(ServerJSON.error(in: answer.body.span) ?? "status \(answer.status)")")
      throw ExitCode.failure
    }
    print(Terminal.bold(server))
    for (name, value) in ServerJSON.leaves(of: answer.body.span) { print("  \(padded(name, 34))\(value)") }
  }

  private func rows(_ configuration: Configuration) -> [(String, String)] {
    let server = configuration.server
    let pools = Tuning.transfersPerMulti
    return [
      ("TCP_NODELAY", "on, both sides"),
      ("TCP keep-alive", "60 s, both sides"),
      ("client idle timeout", "\(server.idleTimeout)"),
      ("upstream idle age", "per provider, below"),
      ("upstream pools", "one for each \(pools.few) transfers at once, for each \(pools.many) when there are many"),
      ("upstream HTTP/2", "per provider, below; HTTP/1.1 unless asked for"),
      ("upstream redirects, proxies, netrc", "off"),
      ("upstream compression", "not asked for"),
      ("connect timeout", "\(server.timeouts.connect)"),
      (
        "first event, stall, total timeout",
        "\(server.timeouts.firstEvent), \(server.timeouts.stall), \(server.timeouts.total)"
      ),
      ("stream head waits at most", "\(server.commitAfter)"),
      ("JSON body limit", "\(server.jsonBodyBytesMax) bytes"),
      ("request bodies together", "\(server.bodiesBytesMax) bytes"),
      ("memory limit", server.memoryBytesMax == 0 ? "none" : "\(server.memoryBytesMax) bytes"),
      ("output waiting for a client", "\(server.outputHighWater) bytes, then its upstream waits"),
      ("clients", "\(server.clientsMax)"),
    ]
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}

/// Checks a configuration.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a configuration file; exits with 78 when something is wrong with it.")

  @Argument(help: "The file. Without it ./hoosh.toml.")
  var file: String?

  @Option(name: .shortAndLong, help: "The same as the argument.")
  var config: String?

  func run() throws {
    let path = file ?? config ?? ConfigurationSource.defaultName
    let loaded = try ConfigurationSource.load(path)
    let count = loaded.configuration.providers.filter(\.isEnabled).count
    print("\(path): right; \(count) \(count == 1 ? "provider" : "providers")")
  }
}
