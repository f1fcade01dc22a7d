import ArgumentParser
import Gateway
import Reactor

/// Says what this program is and how its connections are tuned.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show versions, tuning and configured providers.")

  @Option(name: .shortAndLong, help: "The configuration file. Without it ./hoosh.toml, if there is one.")
  var config: String?

  func run() throws {
    let loaded = try ConfigurationSource.load(config)
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

  private func rows(_ configuration: Configuration) -> [(String, String)] {
    let server = configuration.server
    return [
      ("TCP_NODELAY", "on, both sides"),
      ("TCP keep-alive", "60 s, both sides"),
      ("client idle timeout", "\(server.idleTimeout)"),
      ("upstream idle age", "per provider, below"),
      ("upstream connections kept", "\(Tuning.upstreamConnectionsMax) in all; libcurl 7.88 has no limit per host"),
      ("upstream HTTP/2", "per provider, below; HTTP/1.1 unless asked for"),
      ("upstream redirects, proxies, netrc", "off"),
      ("upstream compression", "not asked for"),
      ("connect timeout", "\(server.upstreamConnectTimeout)"),
      (
        "first event, stall, total timeout",
        "\(server.upstreamFirstEventTimeout), \(server.upstreamStallTimeout), \(server.upstreamTotalTimeout)"
      ),
      ("stream head waits at most", "\(server.commitAfter)"),
      ("JSON body limit", "\(server.jsonBodyBytesMax) bytes"),
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
    let path = file ?? config ?? ConfigurationSource.usualName
    let loaded = try ConfigurationSource.load(path)
    let count = loaded.configuration.providers.filter(\.isEnabled).count
    print("\(path): right; \(count) \(count == 1 ? "provider" : "providers")")
  }
}
