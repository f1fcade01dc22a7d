import ArgumentParser
import Gateway
import Probe
import Reactor

/// The `info` command, which shows the machine, the versions, and the configuration.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the machine, versions, tuning and configured providers.")

  @Option(name: .shortAndLong, help: "The configuration file. Without it ./hoosh.toml, if there is one.")
  var config: String?

  @Option(
    help: "Show the status of the running gateway at this address instead: a URL, or a host and port.",
    transform: ServerAddress.init)
  var server: ServerAddress?

  @Option(help: "The API key for that gateway. Defaults to HOOSH_KEY in the environment.")
  var key: String?

  @Flag(help: "Print only the hardware, as JSON.")
  var json = false

  @Flag(help: "Do not load vendor drivers; use only what the kernel reports.")
  var noDrivers = false

  @Flag(help: "Load every installed graphics driver, even without a matching device.")
  var everyDriver = false

  func run() throws {
    if let server { return try showStatus(of: server) }
    if json {
      let snapshot = HardwareScan.snapshot(probesDrivers: !noDrivers, probesEveryDriver: everyDriver)
      return Terminal.write(snapshot.json + [0x0a])
    }
    let loaded = try ConfigurationSource.load(config)
    Terminal.print(HardwareScan.snapshot(probesDrivers: !noDrivers, probesEveryDriver: everyDriver).summary)
    Terminal.print("\(Terminal.bold("hoosh")) \(Gateway.version), libcurl \(CurlLibrary.version)")
    Terminal.print("\(Terminal.bold("configuration")): \(loaded.origin)")
    Terminal.print(Terminal.bold("tuning"))
    for (name, value) in rows(loaded.configuration) { Terminal.print("  \(padded(name, 34))\(value)") }
    Terminal.print(Terminal.bold("providers"))
    for provider in loaded.configuration.providers {
      let state = provider.isEnabled ? "" : " (disabled)"
      Terminal.print(
        "  \(padded(provider.name, 16))\(padded(provider.place, 40))"
          + "HTTP/2 \(provider.http2 ? "on" : "off"), idle \(provider.idleTimeout)\(state)")
    }
  }

  private func showStatus(of server: ServerAddress) throws {
    let answer = try ServerOptions.send(server, key: key, .get, "/v1/status")
    try answer.requireSuccess()
    Terminal.print(Terminal.bold(server.text))
    for (name, value) in ServerJSON.leaves(of: answer.body.span) { Terminal.print("  \(padded(name, 34))\(value)") }
    let health = try ServerOptions.send(server, key: key, .get, "/v1/health/providers")
    Terminal.print(Terminal.bold("providers"))
    for provider in ServerJSON.elements(in: health.body.span) {
      Terminal.print("  \(padded(provider["provider"] ?? "-", 34))\(provider["status"] ?? "-")")
    }
    let caller = try ServerOptions.send(server, key: key, .get, "/v1/keys/me")
    guard caller.status == 200 else { return }
    Terminal.print(Terminal.bold("this key"))
    for (name, value) in ServerJSON.leaves(of: caller.body.span) where name != "object" && name != "allowances" {
      Terminal.print("  \(padded(name, 34))\(value)")
    }
    for allowance in ServerJSON.elements(of: "allowances", in: caller.body.span) {
      let unit = allowance["unit"] ?? ""
      let name = allowance["budget"].map { "budget \($0)" } ?? "limit of \(unit)"
      let amount = "\(allowance["used"] ?? "0") of \(allowance["limit"] ?? "?") \(unit)"
      Terminal.print(
        "  \(padded("\(name) per \(allowance["per"] ?? "")", 34))\(amount), \(allowance["period"] ?? ""), "
          + "\(allowance["held"] ?? "0") held")
    }
  }

  private func rows(_ configuration: Configuration) -> [(String, String)] {
    let server = configuration.server
    let pools = Tuning.transfersPerMulti
    return [
      ("TCP_NODELAY", "on, both sides"),
      ("TCP keep-alive", "60 s, both sides"),
      ("client idle timeout", "\(server.idleTimeout)"),
      ("upstream idle age", "per provider, below"),
      ("upstream pools", "one per \(pools.few) concurrent transfers, per \(pools.many) under high load"),
      ("upstream HTTP/2", "per provider, below; off by default"),
      ("upstream redirects, netrc", "off"),
      ("upstream proxies", "per provider, below; off by default"),
      ("upstream compression", "not requested"),
      ("connect timeout", "\(server.timeouts.connect)"),
      (
        "first event, stall, total timeout",
        "\(server.timeouts.firstEvent), \(server.timeouts.stall), \(server.timeouts.total)"
      ),
      ("stream commit deadline", "\(server.timeouts.commitAfter)"),
      ("JSON body limit", "\(server.jsonBodyBytesMax) bytes"),
      ("request bodies in memory", "\(server.requestBodiesBytesMax) bytes"),
      ("memory limit", server.memoryBytesMax == 0 ? "none" : "\(server.memoryBytesMax) bytes"),
      ("output buffered per client", "\(server.outputHighWater) bytes, then its upstream is paused"),
      ("clients", "\(server.clientsMax)"),
    ]
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
