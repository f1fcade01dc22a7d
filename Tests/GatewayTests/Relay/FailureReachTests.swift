import Reactor
import Support
import Testing

@testable import Gateway

/// How far a provider's failure reaches, through the whole gateway, and what the caller reads of it.
@Suite struct FailureReachTests {
  private static func chat(_ model: String = "m", _ text: String = "hi") -> [UInt8] {
    World.chat(#"{"model":"\#(model)","messages":[{"role":"user","content":"\#(text)"}]}"#)
  }

  /// Answers, except for requests that contain `word`.
  private static func failing(
    _ status: Int, _ message: String, code: String = "x", at word: String, fields: [String] = []
  ) -> World.Play {
    { request in
      String(decoding: request.body, as: UTF8.self).contains(word)
        ? Script.Step.json(
          #"{"error":{"message":"\#(message)","code":"\#(code)"}}"#, status: status, fields: fields)
        : Script.Step.answer
    }
  }

  private static var good: World.Play { { _ in Script.Step.answer } }

  @Test(arguments: [(402, "credit"), (403, "credit"), (403, "model_not_found")])
  func `a refused request goes to the next candidate, and the next request to the first one`(
    _ status: Int, _ code: String
  ) throws {
    let world = try World(.scripted, [Self.failing(status, "no", code: code, at: "refuse"), Self.good])
    #expect(try world.exchange(Self.chat()).status == 200)
    #expect(try world.exchange(Self.chat("m", "refuse me")).status == 200)
    #expect((0..<2).map { world.seen($0).count } == [2, 1])
    #expect(try world.exchange(Self.chat()).status == 200)
    #expect((0..<2).map { world.seen($0).count } == [3, 1])
  }

  @Test(arguments: [402, 403, 404])
  func `the provider's reason reaches the caller in every dialect`(_ status: Int) throws {
    for path in ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/api/chat"] {
      let world = try World(.scripted, [Self.failing(status, "flagged as odd", at: "refuse")])
      let body =
        path == "/v1/responses"
        ? #"{"model":"m","input":"refuse"}"#
        : #"{"model":"m","stream":false,"max_tokens":9,"messages":[{"role":"user","content":"refuse"}]}"#
      let answer = try world.exchange(World.post(path, body))
      #expect(answer.status == status)
      #expect(answer.text.contains("flagged as odd"))
    }
  }

  @Test func `a model that its provider no longer has is asked for at the next one, and there first from then on`()
    throws
  {
    let world = try World(.scripted, [Self.failing(404, "model 'm' not found", at: "model\":\"m"), Self.good])
    for _ in 0..<3 { #expect(try world.exchange(Self.chat()).status == 200) }
    #expect((0..<2).map { world.seen($0).count } == [1, 3])
    #expect(try world.exchange(Self.chat("n")).status == 200)
    #expect((0..<2).map { world.seen($0).count } == [2, 3])
  }

  @Test func `a 404 that does not name the model ends the request`() throws {
    let world = try World(.scripted, [Self.failing(404, "no such path", at: "hi"), Self.good])
    #expect(try world.exchange(Self.chat()).status == 404)
    #expect(world.seen(1).isEmpty)
  }

  @Test func `the caller reads why the right provider failed, not that another one lacks the model`() throws {
    let world = try World(
      .scripted, toml: "[retry]\nmax_retries = 0\n",
      [Self.failing(500, "out of memory", at: "hi"), Self.failing(404, "model 'm' not found", at: "hi")])
    let answer = try world.exchange(Self.chat())
    #expect(answer.status == 502 && answer.text.contains("out of memory") && answer.text.contains("up0"))
    #expect(world.seen(1).count == 1)
  }

  @Test func `all candidates lack the model: the caller reads it from the provider, again and again`() throws {
    let missing = Self.failing(404, "model 'm' not found", at: "hi")
    let world = try World(.scripted, [missing, missing])
    for _ in 0..<3 {
      let answer = try world.exchange(Self.chat())
      #expect(answer.status == 404 && answer.text.contains("model 'm' not found"))
    }
  }

  @Test func `the limit of one model leaves the provider's other models where they are`() throws {
    let limited = Self.failing(429, "slow down", at: "model\":\"big", fields: ["retry-after: 60"])
    let world = try World(.scripted, [limited, Self.good])
    #expect(try world.exchange(Self.chat("big")).status == 200)
    #expect(try world.exchange(Self.chat("small")).status == 200)
    #expect((0..<2).map { world.seen($0).count } == [2, 1])
    #expect(try world.exchange(Self.chat("big")).status == 200)
    #expect((0..<2).map { world.seen($0).count } == [2, 2])
  }

  @Test func `where the owner limits the model, another provider's 404 is not the reason`() throws {
    let limited = Self.failing(429, "slow down", at: "model\":\"big", fields: ["retry-after: 60"])
    let world = try World(.scripted, [limited, Self.failing(404, "model 'big' not found", at: "hi")])
    var configuration = world.gateway.settings.configuration
    configuration.providers[1].models = ["b*"]
    #expect(world.gateway.apply(configuration) == nil)
    world.gateway.dispatcher.learn([ProviderID(name: "up0"): ["big"]])
    for count in 1...2 {
      let answer = try world.exchange(Self.chat("big"))
      #expect(answer.status == 429 && answer.field("retry-after") != nil)
      #expect((0..<2).map { world.seen($0).count } == [1, count])
    }
  }

  @Test func `where every candidate limits the model, the caller waits for the shortest limit`() throws {
    func limited(_ seconds: Int) -> World.Play {
      Self.failing(429, "slow down", at: "model\":\"big", fields: ["retry-after: \(seconds)"])
    }
    let world = try World(.scripted, [limited(60), limited(30)])
    for _ in 0..<2 {
      let answer = try world.exchange(Self.chat("big"))
      #expect(answer.status == 429)
      #expect(answer.field("retry-after").flatMap { Int($0) }.map { (28...30).contains($0) } == true)
    }
    // The second request reached no provider.
    #expect((0..<2).map { world.seen($0).count } == [1, 1])
    #expect(try world.exchange(Self.chat("small")).status == 200)
  }
}
