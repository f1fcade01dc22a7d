import Reactor
import Support
import Testing

@testable import Gateway

/// Embeddings through the whole gateway.
@Suite struct EmbeddingsRelayTests {
  private static let answer = Script.Step.json(
    #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,1]}],"model":"served","usage":{"prompt_tokens":2,"total_tokens":2}}"#
  )
  private static let ollama = Script.Step.json(
    #"{"model":"served","embeddings":[[0.5,1]],"total_duration":9,"load_duration":1,"prompt_eval_count":2}"#)
  private static let gemini = Script.Step.json(#"{"embeddings":[{"values":[0.5,1]}]}"#)

  @Test(arguments: Transport.allCases)
  func `embeddings arrive with the model's name as the caller wrote it`(transport: Transport) throws {
    let world = try World(transport, [{ _ in Self.answer }])
    let body = #"{"model":"m","input":"a","encoding_format":"float"}"#
    for path in ["/v1/embeddings", "/embeddings", "/openai/v1/embeddings"] {
      let answer = try world.exchange(World.post(path, body))
      #expect(answer.status == 200)
      #expect(answer.field("x-served-by") == "up0/m")
      #expect(
        answer.text
          == #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,1]}],"model":"m","usage":{"prompt_tokens":2,"total_tokens":2}}"#
      )
    }
    let seen = try #require(world.seen().first)
    #expect(seen.target == "/v1/embeddings")
    #expect(seen.text == body)
  }

  @Test func `each dialect reaches each provider that has embeddings`() throws {
    let providers: [(String, String, [Script.Step])] = [
      ("type = \"OpenAiCompatible\"", "/v1/embeddings", Self.answer),
      ("type = \"Ollama\"", "/api/embed", Self.ollama),
      ("type = \"Google\"\napi_key = \"k\"", "/v1beta/models/m:batchEmbedContents", Self.gemini),
    ]
    let callers = [
      ("/v1/embeddings", #"{"model":"m","input":"a"}"#, #""embedding":[0.5,1]"#),
      ("/api/embed", #"{"model":"m","input":"a"}"#, #""embeddings":[[0.5,1]]"#),
      (
        "/v1beta/models/m:batchEmbedContents", #"{"requests":[{"content":{"parts":[{"text":"a"}]}}]}"#,
        #""embeddings":[{"values":[0.5,1]}]"#
      ),
    ]
    for (type, target, answer) in providers {
      let world = try World(providers: type, [{ _ in answer }])
      for (path, body, vector) in callers {
        let response = try world.exchange(World.post(path, body))
        #expect(response.status == 200)
        #expect(response.text.contains(vector), "\(path) of \(type): \(response.text)")
      }
      #expect(world.seen().map(\.target) == [target, target, target])
    }
  }

  @Test func `a single embedding is asked for and answered as such`() throws {
    let world = try World(
      providers: "type = \"Google\"\napi_key = \"k\"",
      [{ _ in Script.Step.json(#"{"embedding":{"values":[0.5]}}"#) }])
    let body = #"{"content":{"parts":[{"text":"a"}]}}"#
    let response = try world.exchange(World.post("/v1beta/models/m:embedContent", body))
    #expect(response.text == #"{"embedding":{"values":[0.5]}}"#)
    #expect(world.seen()[0].target == "/v1beta/models/m:embedContent")
    #expect(world.seen()[0].text == body)
    let older = try World(providers: "type = \"Ollama\"", [{ _ in Script.Step.json(#"{"embedding":[0.5]}"#) }])
    let legacy = try older.exchange(World.post("/api/embeddings", #"{"model":"m","prompt":"a"}"#))
    #expect(legacy.text == #"{"embedding":[0.5]}"#)
    #expect(older.seen()[0].target == "/api/embeddings")
  }

  @Test(arguments: Transport.allCases)
  func `a provider that fails is followed by the next`(transport: Transport) throws {
    let world = try World(
      transport,
      [{ _ in Script.Step.json("{}", status: 500) }, { _ in Script.Step.json("{}") }, { _ in Self.answer }])
    let response = try world.exchange(World.post("/v1/embeddings", #"{"model":"m","input":"a"}"#))
    #expect(response.status == 200)
    #expect(response.field("x-served-by") == "up2/m")
  }

  @Test func `an answer with too few vectors is a failure of its provider`() throws {
    let world = try World(.scripted, [{ _ in Self.answer }])
    let response = try world.exchange(World.post("/v1/embeddings", #"{"model":"m","input":["a","b"]}"#))
    #expect(response.status == 502)
    #expect(response.text.contains("1 embeddings for 2 inputs"))
  }

  @Test func `a provider without embeddings is not asked`() throws {
    let world = try World(providers: "type = \"Anthropic\"\napi_key = \"k\"", [{ _ in Self.answer }])
    let response = try world.exchange(World.post("/v1/embeddings", #"{"model":"m","input":"a"}"#))
    #expect(response.status == 400)
    #expect(response.text.contains("embeddings"))
    #expect(response.text.contains(#""param":"model""#))
    #expect(world.seenCount == 0)
    let explained = try world.exchange(World.post("/v1/route/explain", #"{"model":"m","input":"a"}"#))
    #expect(explained.text.contains("does not offer embeddings"))
  }

  @Test func `errors are in the caller's dialect`() throws {
    let world = try World(.scripted, [{ _ in Script.Step.json(#"{"error":{"message":"too long"}}"#, status: 400) }])
    let ollama = try world.exchange(World.post("/api/embed", #"{"model":"m","input":"a"}"#))
    #expect(ollama.status == 400)
    #expect(ollama.text.contains(#"{"error":"#))
    #expect(ollama.text.contains("too long"))
    let gemini = try world.exchange(
      World.post("/v1beta/models/m:embedContent", #"{"content":{"parts":[{"text":"a"}]}}"#))
    #expect(gemini.text.contains("INVALID_ARGUMENT"))
    let get = try world.exchange(Array("GET /v1/embeddings HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    #expect(get.status == 405)
  }

  @Test func `fields that are lost are named, and refused where the configuration is strict`() throws {
    let body = #"{"model":"m","input":"a","user":"u"}"#
    let world = try World(providers: "type = \"Ollama\"", [{ _ in Self.ollama }])
    #expect(try world.exchange(World.post("/v1/embeddings", body)).field("x-dropped-params") == "user")
    let strict = try World(
      toml: "[server]\nstrict = true", providers: "type = \"Ollama\"", [{ _ in Self.ollama }])
    let response = try strict.exchange(World.post("/v1/embeddings", body))
    #expect(response.status == 400)
    #expect(response.text.contains("user"))
  }

  @Test func `Ollama's request without an input loads nothing elsewhere`() throws {
    let world = try World(.scripted, [{ _ in Self.answer }])
    let response = try world.exchange(World.post("/api/embed", #"{"model":"m"}"#))
    #expect(response.text == #"{"model":"m","embeddings":[]}"#)
    #expect(world.seenCount == 0)
  }

  @Test func `an answer of many megabytes arrives whole`() throws {
    let vector = "[" + Array(repeating: "0.123456789", count: 3072).joined(separator: ",") + "]"
    let data = (0..<460).map { #"{"object":"embedding","index":\#($0),"embedding":\#(vector)}"# }
    let body = #"{"object":"list","data":[\#(data.joined(separator: ","))],"model":"m"}"#
    #expect(body.utf8.count > Fetch.answerBytesMax)
    let world = try World(.scripted, [{ _ in Script.Step.json(body) }])
    let inputs = Array(repeating: #""a""#, count: 460).joined(separator: ",")
    let client = world.connect()
    client.send(World.post("/v1/embeddings", #"{"model":"m","input":[\#(inputs)]}"#))
    // A debug build on a busy machine takes its time.
    world.run(upTo: .seconds(60)) { client.received.count > body.utf8.count }
    let response = try world.answer(to: client)
    #expect(response.status == 200)
    #expect(response.body.count == body.utf8.count)
  }

  @Test func `the demo provider has embeddings of length 1 that depend on the input alone`() throws {
    let world = try World(toml: "[[providers]]\nname = \"demo\"\ntype = \"Demo\"\nmodels = [\"demo*\"]", [])
    func vectors(_ input: String, _ more: String = "") throws -> [[Float]] {
      let response = try world.exchange(
        World.post("/api/embed", #"{"model":"demo","input":\#(input)\#(more)}"#))
      #expect(response.status == 200)
      let bytes = response.body
      return JSONLists.elements(
        of: JSONLists.members(of: JSONLists.root(bytes.span), in: bytes.span).value("embeddings", in: bytes.span),
        in: bytes.span
      ).map { vector in
        JSONLists.elements(of: vector, in: bytes.span).map { Float($0.double(in: bytes.span) ?? .nan) }
      }
    }
    let two = try vectors(#"["a","b"]"#)
    #expect(two.count == 2 && two[0] != two[1])
    #expect(two.allSatisfy { $0.count == DemoEmbeddings.dimensionsDefault })
    for vector in two { #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5) }
    #expect(try vectors(#""\u0061""#) == [two[0]])
    #expect(try vectors(#""a""#, #","dimensions":8"#)[0].count == 8)
    let base64 = try world.exchange(
      World.post("/v1/embeddings", #"{"model":"demo","input":[1,2],"encoding_format":"base64","dimensions":2}"#))
    #expect(base64.text.contains(#""model":"demo""#))
    #expect(!base64.text.contains(#""embedding":["#))
    let wide = try world.exchange(World.post("/v1/embeddings", #"{"model":"demo","input":"a","dimensions":1025}"#))
    #expect(wide.status == 400)
  }
}
