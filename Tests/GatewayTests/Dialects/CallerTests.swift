import Foundation
import Reactor
import Support
import Testing

@testable import Gateway

/// Callers of every dialect in front of providers of every dialect, over real connections.
@Suite struct CallerTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pairs")
  private static let forms = ["openai", "anthropic", "responses", "ollama", "generate", "gemini", "array"]
  private static let pairs = forms.flatMap { form in Dialect.upstream.map { (form, $0) } }

  /// A request in the caller's form, with the header fields that its clients send.
  private static func request(_ form: String, streams: Bool) -> [UInt8] {
    var fields = ""
    var path: String
    var body: String
    switch form {
    case "openai":
      path = "/v1/chat/completions"
      body = #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":\#(streams)}"#
    case "anthropic":
      path = "/v1/messages?beta=true"
      fields = "anthropic-version: 2026-10-21\r\nanthropic-beta: a-1,b-2\r\n"
      body =
        #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"stream":\#(streams)}"#
    case "responses":
      path = "/v1/responses"
      body = #"{"model":"m","input":"Hi","stream":\#(streams)}"#
    case "ollama":
      path = "/api/chat"
      body = #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":\#(streams)}"#
    case "generate":
      path = "/api/generate"
      body = #"{"model":"m","prompt":"Hi","stream":\#(streams)}"#
    default:
      let query = form == "gemini" ? "?alt=sse" : ""
      path = "/v1beta/models/m:" + (streams ? "streamGenerateContent" + query : "generateContent")
      fields = "x-goog-api-client: genai\r\n"
      body = #"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#
    }
    return post(path, "content-type: application/json\r\n" + fields, body)
  }

  private static func post(_ path: String, _ fields: String = "", _ body: String) -> [UInt8] {
    Array(
      "POST \(path) HTTP/1.1\r\nhost: localhost\r\n\(fields)content-length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
  }

  private static func world(
    _ dialect: Dialect, _ transport: Transport = .scripted, case name: String, streams: Bool, status: Int = 200,
    more: [Script.Step] = []
  ) throws -> World {
    let ending = !streams ? "json" : dialect == .ollama ? "ndjson" : "sse"
    let body = Array(try Data(contentsOf: folder.appending(path: "\(name).\(dialect.rawValue).\(ending)")))
    let type =
      !streams ? "application/json" : dialect == .ollama ? "application/x-ndjson" : "text/event-stream"
    return try World(
      transport,
      providers: "type = \"OpenAiCompatible\"\ndialect = \"\(dialect.rawValue)\"\napi_key = \"sk-12345678\"",
      [{ _ in [.head(status: status, fields: ["content-type: \(type)"]), .bytes(body)] + more }])
  }

  @Test(arguments: pairs, Transport.allCases)
  func `a non-streaming answer reaches every caller from every provider`(
    pair: (String, Dialect), transport: Transport
  )
    throws
  {
    let (form, dialect) = pair
    let world = try Self.world(dialect, transport, case: "text", streams: false)
    let answer = try world.exchange(Self.request(form, streams: false))
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.text.contains("Hello, world!"), "\(answer.text)")
    let json = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
    let name = form == "gemini" || form == "array" ? "modelVersion" : "model"
    #expect(json?[name] as? String == "m")
    let asked = try #require(world.seen(0).first)
    let path =
      switch dialect {
      case .openAI, .responses: "/v1/chat/completions"
      case .anthropic: "/v1/messages"
      case .ollama: "/api/chat"
      case .gemini: "/v1beta/models/m:generateContent"
      }
    #expect(asked.target == path)
    #expect(asked.field("x-goog-api-key") == (dialect == .gemini ? "sk-12345678" : nil))
    #expect(asked.field("x-api-key") == (dialect == .anthropic ? "sk-12345678" : nil))
    #expect(!asked.target.contains("sk-"))
  }

  @Test(arguments: pairs, Transport.allCases)
  func `a stream reaches every caller from every provider`(pair: (String, Dialect), transport: Transport) throws {
    let (form, dialect) = pair
    let world = try Self.world(dialect, transport, case: "text", streams: true)
    let answer = try world.exchange(Self.request(form, streams: true))
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.isComplete)
    #expect(answer.text.contains("Hello") && answer.text.contains(", world!"), "\(answer.text)")
    let (type, end) =
      switch form {
      case "openai": ("text/event-stream", "data: [DONE]\n\n")
      case "anthropic": ("text/event-stream", "\"message_stop\"}\n\n")
      case "responses": ("text/event-stream", "}\n\n")
      case "gemini": ("text/event-stream", "}\r\n\r\n")
      case "array": ("application/json", "]")
      default: ("application/x-ndjson", "}\n")
      }
    #expect(answer.field("content-type")?.hasPrefix(type) == true)
    #expect(answer.text.hasSuffix(end), "\(answer.text)")
    if form == "array" { #expect(try JSONSerialization.jsonObject(with: Data(answer.body)) is [Any]) }
    if form == "ollama" || form == "generate" {
      #expect(
        answer.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().allSatisfy { !$0.isEmpty })
    }
    if dialect == .gemini {
      #expect(world.seen(0).first?.target == "/v1beta/models/m:streamGenerateContent?alt=sse")
    }
  }

  @Test(arguments: pairs)
  func `a stream that fails or breaks off ends with an error in the caller's dialect`(
    form: String, dialect: Dialect
  )
    throws
  {
    for name in ["failing", "truncated"] {
      let world = try Self.world(
        dialect, case: name, streams: true, more: name == "truncated" ? [.fail(.truncated)] : [])
      let answer = try world.exchange(Self.request(form, streams: true))
      #expect(!answer.isComplete, "\(name): \(answer.text)")
      #expect(answer.text.contains("Hel"))
      let sign =
        switch form {
        case "openai": "data: {\"error\":{\"message\":"
        case "anthropic": "event: error\ndata: {\"type\":\"error\",\"error\":{"
        case "responses": "event: response.failed\n"
        case "gemini": "data: {\"error\":{\"code\":502,"
        case "array": ",\r\n{\"error\":{\"code\":502,"
        default: "\n{\"error\":\""
        }
      #expect(answer.text.contains(sign), "\(name): \(answer.text)")
      #expect(!answer.text.contains("[DONE]") && !answer.text.contains("message_stop"))
    }
  }

  @Test(arguments: forms)
  func `every error is in the caller's dialect`(form: String) throws {
    let body = Array(#"{"error":{"message":"too long: 9 > 8"}}"#.utf8)
    let world = try World(
      .scripted, [{ _ in [.head(status: 400, fields: ["content-type: application/json"]), .bytes(body)] }])
    let answer = try world.exchange(Self.request(form, streams: false))
    #expect(answer.status == 400)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
    switch form {
    case "openai", "responses":
      #expect((json["error"] as? [String: Any])?["message"] as? String == "too long: 9 > 8")
    case "anthropic":
      #expect(json["type"] as? String == "error")
      #expect((json["error"] as? [String: Any])?["type"] as? String == "invalid_request_error")
    case "ollama", "generate": #expect(json["error"] as? String == "too long: 9 > 8")
    default:
      #expect((json["error"] as? [String: Any])?["status"] as? String == "INVALID_ARGUMENT")
      #expect((json["error"] as? [String: Any])?["code"] as? Int == 400)
    }
  }

  @Test func `the caller's own dialect passes unchanged, with its forwarded fields`() throws {
    let world = try Self.world(.anthropic, case: "thinking", streams: true)
    let answer = try world.exchange(Self.request("anthropic", streams: true))
    let sent = Array(try Data(contentsOf: Self.folder.appending(path: "thinking.anthropic.sse")))
    #expect(answer.text == String(decoding: sent, as: UTF8.self))
    let asked = try #require(world.seen(0).first)
    #expect(asked.field("anthropic-version") == "2026-10-21")
    #expect(asked.field("anthropic-beta") == "a-1,b-2")
    #expect(
      String(decoding: Self.request("anthropic", streams: true), as: UTF8.self)
        .hasSuffix(String(decoding: asked.body, as: UTF8.self)))
  }

  @Test func `fields that a provider cannot accept are reported, or rejected in strict mode`() throws {
    let body = #"{"model":"m","seed":7,"messages":[{"role":"user","content":"Hi"}]}"#
    let lenient = try Self.world(.anthropic, case: "text", streams: false)
    #expect(try lenient.exchange(World.chat(body)).field("x-dropped-params") == "seed")
    let strict = try World(
      .scripted, toml: "[server]\nstrict = true", providers: "type = \"Anthropic\"", [{ _ in [] }])
    let answer = try strict.exchange(World.chat(body))
    #expect(answer.status == 400 && answer.text.contains("`seed`"))
    #expect(strict.seen(0).isEmpty)
  }

  @Test(arguments: [
    ("GET /v1/models", "", "\"object\":\"list\""),
    ("GET /v1/models", "anthropic-version: 2023-06-01\r\n", "\"has_more\":false"),
    ("GET /v1/models", "x-goog-api-key: k\r\n", "\"models/m\""), ("GET /v1beta/models", "", "\"models/m\""),
    ("GET /api/tags", "", "\"models\":["),
    ("GET /v1/models/m", "anthropic-version: 2023-06-01\r\n", "\"type\":\"model\""),
    ("GET /v1beta/models/m", "", "\"models/m\""), ("GET /api/version", "", "\"version\":\"0."),
    ("GET /api/ps", "", "\"models\":["),
    ("HEAD /api/hello", "", ""),
  ])
  func `models are listed in the caller's dialect`(line: String, fields: String, sign: String) throws {
    let list = Array(#"{"object":"list","data":[{"id":"m","object":"model"}]}"#.utf8)
    let world = try World(
      .scripted, [{ _ in [.head(status: 200, fields: ["content-type: application/json"]), .bytes(list)] }])
    let answer = try world.exchange(
      Array("\(line) HTTP/1.1\r\nhost: localhost\r\n\(fields)\r\n".utf8), head: line.hasPrefix("HEAD"))
    #expect(answer.status == 200)
    #expect(answer.text.contains(sign) || sign.isEmpty, "\(answer.text)")
  }

  @Test func `an Ollama model is shown if it is listed or served, and otherwise an error`()
    throws
  {
    let list = Array(#"{"models":[{"name":"m:latest","model":"m:latest"}]}"#.utf8)
    let world = try World(
      .scripted, providers: "type = \"Ollama\"\nmodels = [\"m*\"]",
      [{ _ in [.head(status: 200, fields: ["content-type: application/json"]), .bytes(list)] }])
    for (name, status) in [("m", 200), ("m:latest", 200), ("more", 200), ("none", 404)] {
      let body = #"{"model":"\#(name)"}"#
      let answer = try world.exchange(Self.post("/api/show", "", body))
      #expect(answer.status == status)
      #expect(answer.text.contains(status == 200 ? "\"capabilities\":[" : "{\"error\":\""), "\(answer.text)")
    }
  }
}
