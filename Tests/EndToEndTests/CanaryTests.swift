import Foundation
import Gateway
import Testing

@testable import Support

/// Secrets that can be told apart from everything else, in every place for one: none appears in any output.
@Suite struct CanaryTests {
  /// A secret for each key of the configuration that takes one.
  private static let secrets = [
    "auth.tokens": "canary-token-1", "keys[].key": "canary-key-1", "keys[].previous_key": "canary-key-2",
    "providers[].api_key": "canary-provider-1", "providers[].api_keys": "canary-provider-2",
    "providers[].proxy": "canary-proxy-password",
  ]

  private static let toml = """
    [server]
    port = 0
    models_timeout_secs = 1
    [auth]
    tokens = ["canary-token-1", "$CANARY"]
    key_file = "hoosh.keys"
    [[keys]]
    name = "ci"
    key = "canary-key-1"
    previous_key = "canary-key-2"
    [[providers]]
    type = "Demo"
    models = ["demo*"]
    [[providers]]
    name = "refused"
    type = "OpenAiCompatible"
    base_url = "http://127.0.0.1:1"
    api_key = "canary-provider-1"
    models = ["refused"]
    [[providers]]
    name = "proxied"
    type = "OpenAiCompatible"
    base_url = "http://127.0.0.1:1"
    api_keys = ["canary-provider-2"]
    proxy = "http://user:canary-proxy-password@127.0.0.1:1"
    models = ["proxied"]
    [access_log]
    format = "json"
    path = "log.json"

    """

  @Test func `every key of the configuration that takes a secret has one here`() {
    let paths = ConfigurationKeys.all.filter { key in
      guard case .supported = key.availability else { return false }
      switch key.kind {
      case .secret, .secrets: return true
      default: return false
      }
    }.map(\.path)
    #expect(Set(paths) == Set(Self.secrets.keys))
    for secret in Self.secrets.values { #expect(Self.toml.contains(secret)) }
  }

  /// Sends a request and returns the whole response, of a stream what comes within a moment.
  private static func ask(_ port: Int, _ line: String, _ fields: [String] = [], _ body: String = "") -> String {
    let client = TestClient(port: port)
    let lines = (["host: localhost", "connection: close", "content-type: application/json"] + fields).map {
      $0 + "\r\n"
    }
    client.send("\(line) HTTP/1.1\r\n\(lines.joined())content-length: \(body.utf8.count)\r\n\r\n\(body)")
    eventually(upTo: .milliseconds(line.contains("/v1/events ") ? 100 : 3000)) {
      client.pump()
      return client.hasEnded
    }
    return client.text
  }

  @Test func `no secret appears in an output, a log, an event, an endpoint, or an error`() throws {
    let program = try Program(
      ["serve"], files: ["hoosh.toml": Self.toml], environment: ["CANARY": "canary-token-2"])
    let port = try program.port()
    let file = program.folder.path + "/hoosh.keys"
    let made = try Run.hoosh(["keys", "create", "filed", "--right", "admin", "--file", file])
    let filed = made.output.trimmingCharacters(in: .newlines)
    let admin = ["authorization: Bearer canary-token-1"]
    let chat = #"{"model":"MODEL","messages":[{"role":"user","content":"canary-prompt"}]}"#
    var text = ""
    for (fields, model) in [
      (admin, "demo-tokens1-rate0-first0"), (["x-api-key: canary-token-2"], "demo-tokens1-rate0-first0"),
      (["x-api-key: canary-key-2"], "refused"), (["api-key: canary-key-1"], "proxied"), (admin, "unknown"),
      (["authorization: Bearer canary-wrong"], "demo"),
      (["x-api-key: canary-token-1", "api-key: canary-key-1"], "demo"),
    ] {
      text += Self.ask(port, "POST /v1/chat/completions", fields, chat.replacing("MODEL", with: model))
    }
    text += Self.ask(port, "POST /v1beta/models/refused:generateContent?key=canary-key-1", [], "{}")
    text += Self.ask(port, "POST /v1beta/models/refused:generateContent?key=canary-wrong", [], "{}")
    for path in [
      "/v1/status", "/v1/health/providers", "/v1/events/recent", "/v1/events", "/v1/queue/status", "/v1/costs",
      "/v1/keys/me",
      "/v1/models", "/v1/admin/keys", "/v1/admin/keys/filed", "/v1/tokens/pools", "/v1/hardware",
      "/nothing?key=canary-key-1",
    ] { text += Self.ask(port, "GET \(path)", admin) }
    text += Self.ask(port, "POST /v1/route/explain", admin, #"{"model":"proxied"}"#)
    text += Self.ask(port, "POST /v1/admin/keys", admin, #"{"name":"ci"}"#)
    // A file that is wrong in the lines with secrets.
    let broken = Self.toml.replacing("name = \"ci\"", with: "name = 1").replacing(
      "proxy = \"http", with: "proxy = \"ftp")
    try Data(broken.utf8).write(to: program.folder.appending(path: "hoosh.toml"))
    text += Self.ask(port, "POST /v1/admin/reload", admin)
    for command in [["check", "hoosh.toml"], ["info", "--no-drivers", "-c", "hoosh.toml"]] {
      for toml in [Self.toml, broken] {
        let run = try Program(command, files: ["hoosh.toml": toml], environment: ["CANARY": "canary-token-2"])
        _ = run.wait()
        text += run.output + run.errors
      }
    }
    for command in [["keys", "list", "--json"], ["keys", "show", "filed"]] {
      let run = try Run.hoosh(command + ["--file", file])
      text += run.output + run.errors
    }
    let info = try Run.hoosh(["info", "--server", "127.0.0.1:\(port)", "--key", "canary-token-1"])
    #expect(info.status == 0 && info.output.contains("this key") && info.output.contains("proxied"))
    text += info.output + info.errors + made.errors
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
    let log = try #require(program.file("log.json"))
    #expect(log.contains("\"caller\":\"ci\"") && log.contains("generateContent"))
    text += log + program.errors + program.output
    #expect(text.contains("\"filed\"") && text.contains("200 OK"))
    for line in text.split(separator: "\n") where line.contains("canary") { Issue.record("\(line.prefix(300))") }
    #expect(!text.contains(filed.suffix(64)))
    let stored = try #require(program.file("hoosh.keys"))
    #expect(!stored.contains("canary") && !stored.contains(filed.suffix(64)))
    for hash in stored.matches(of: #/[0-9a-f]{64}/#) { #expect(!text.contains(hash.0), "a hash of the key file") }
  }
}
