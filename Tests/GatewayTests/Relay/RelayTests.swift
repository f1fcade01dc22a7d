import Reactor
import Support
import Testing

@testable import Gateway

/// The responses to callers from an upstream that works.
@Suite struct RelayTests {
  @Test(arguments: Transport.allCases)
  func `a response has the model's name as the caller wrote it`(transport: Transport) throws {
    let world = try World(transport, [{ _ in Script.Step.answer }])
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 200)
    #expect(answer.isComplete)
    #expect(answer.field("content-type") == "application/json")
    #expect(answer.text.contains(#""model":"m""#))
    #expect(answer.text.contains(#""content":"hello""#))
    #expect(answer.field("x-served-by") == "up0/m")
  }

  @Test(arguments: Transport.allCases)
  func `the upstream gets the caller's body and none of the caller's fields`(transport: Transport) throws {
    let world = try World(
      transport, providers: "type = \"OpenAiCompatible\"\napi_key = \"sk-upstream\"", [{ _ in Script.Step.answer }])
    let body =
      #"{ "model":"m" ,"x_new" : [1.50, 1e400, "é\u00e9"], "messages":[ {"role":"user","content":"hi"} ] }"#
    _ = try world.exchange(
      World.chat(body, fields: ["Cookie: a=b", "Authorization: Bearer caller", "X-Forwarded-For: 1.2.3.4"]))
    let seen = try #require(world.seen().first)
    #expect(seen.text == body)
    #expect(seen.target == "/v1/chat/completions")
    #expect(seen.field("authorization") == "Bearer sk-upstream")
    #expect(seen.field("cookie") == nil)
    #expect(seen.field("x-forwarded-for") == nil)
    #expect(seen.field("x-request-id") != nil)
    #expect(seen.field("expect") == nil)
    #expect(seen.field("accept-encoding") == nil)
  }

  @Test(arguments: Transport.allCases)
  func `a stream arrives event by event and ends with DONE`(transport: Transport) throws {
    let world = try World(
      transport,
      [
        { _ in
          [
            .streamHead, .text("a"), .wait(.milliseconds(60)), .text("b"), .wait(.milliseconds(60)),
            .text("c", finish: #""stop""#), .done,
          ]
        }
      ])
    let client = world.connect()
    client.send(World.streamingChat())
    #expect(world.run { client.text.contains(#""content":"a""#) })
    #expect(!client.text.contains(#""content":"b""#))
    let answer = try world.answer(to: client)
    #expect(answer.status == 200)
    #expect(answer.isComplete)
    #expect(answer.field("content-type") == "text/event-stream; charset=utf-8")
    #expect(answer.field("x-accel-buffering") == "no")
    #expect(answer.events.count == 4)
    #expect(answer.events.last == "[DONE]")
    #expect(answer.events.dropLast().allSatisfy { $0.contains(#""model":"m""#) })
  }

  @Test(arguments: Transport.allCases)
  func `usage is always requested, and sent to callers that request it`(transport: Transport) throws {
    let usage = Script.Step.event(
      #"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"s","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#
    )
    let world = try World(
      transport, [{ _ in [.streamHead, .text("a", finish: #""stop""#), usage, .done] }])
    let hidden = try world.exchange(World.streamingChat())
    #expect(world.seen()[0].text.contains(#""stream_options":{"include_usage":true}"#))
    #expect(!hidden.text.contains("usage"))
    let shown = try world.exchange(World.streamingChat(#","stream_options":{"include_usage":true}"#))
    #expect(shown.text.contains(#""total_tokens":3"#))
    #expect(shown.events.count == 3)
  }

  @Test(arguments: Transport.allCases)
  func `usage that the upstream does not report is estimated and marked so`(transport: Transport) throws {
    let world = try World(transport, [{ _ in Script.Step.shortStream }])
    let answer = try world.exchange(World.streamingChat(#","stream_options":{"include_usage":true}"#))
    #expect(answer.events.count == 4)
    #expect(answer.events[2].contains(#""x_usage_source":"estimated""#))
  }

  @Test(arguments: Transport.allCases)
  func `an upstream's comments, IDs, retry fields, and event names are dropped`(transport: Transport) throws {
    let noise = Array(": ping\n\nid: 7\nretry: 10\nevent: message\n".utf8)
    let world = try World(
      transport, [{ _ in [.streamHead, .bytes(noise), .text("a", finish: #""stop""#), .bytes(noise), .done] }])
    let answer = try world.exchange(World.streamingChat())
    for word in ["ping", "id: 7", "retry", "event:"] { #expect(!answer.text.contains(word)) }
    #expect(answer.events.count == 2)
  }

  @Test(arguments: Transport.allCases)
  func `a non-streaming response to a streaming request becomes a stream`(transport: Transport) throws {
    let world = try World(transport, [{ _ in Script.Step.answer }])
    let answer = try world.exchange(World.streamingChat())
    #expect(answer.field("content-type") == "text/event-stream; charset=utf-8")
    #expect(answer.events.first?.contains(#""delta":{"role":"assistant","content":"hello"}"#) == true)
    #expect(answer.events.first?.contains("chat.completion.chunk") == true)
    #expect(answer.events.last == "[DONE]")
  }

  @Test(arguments: Transport.allCases)
  func `a response of ten megabytes arrives completely`(transport: Transport) throws {
    let long = String(repeating: "0123456789abcdef", count: 640 * 1024)
    let body =
      #"{"model":"s","choices":[{"index":0,"message":{"role":"assistant","content":"\#(long)"},"finish_reason":"stop"}]}"#
    let world = try World(transport, [{ _ in Script.Step.json(body) }])
    let answer = try world.exchange(World.chat())
    #expect(answer.isComplete)
    #expect(answer.body.count == body.utf8.count)
  }

  @Test func `connections to an upstream are reused`() throws {
    let world = try World(.curl, [{ $0.text.contains("stream") ? Script.Step.shortStream : Script.Step.answer }])
    let client = world.connect()
    for round in 1...20 {
      client.clear()
      client.send(round % 2 == 0 ? World.chat() : World.streamingChat())
      #expect(try world.answer(to: client).status == 200)
      world.run(for: .milliseconds(2))
    }
    #expect(world.seen().count == 20)
    #expect(world.acceptedConnections() == 1)
  }

  @Test(arguments: Transport.allCases)
  func `token limits are lowered to the provider's limit and never raised`(transport: Transport) throws {
    let world = try World(
      transport, providers: "type = \"OpenAiCompatible\"\nmax_tokens_limit = 100", [{ _ in Script.Step.answer }])
    for (asked, sent) in [(1000, 100), (100, 100), (7, 7)] {
      _ = try world.exchange(World.chat(#"{"model":"m","max_tokens":\#(asked),"messages":[{}]}"#))
      #expect(world.seen().last?.text == #"{"model":"m","max_tokens":\#(sent),"messages":[{}]}"#)
    }
  }

  @Test(arguments: Transport.allCases)
  func `model lists are requested from all providers concurrently and cached`(transport: Transport) throws {
    let world = try World(
      transport, toml: "[server]\nmodels_timeout_secs = 0.3",
      [
        { _ in Script.Step.json(#"{"object":"list","data":[{"id":"one","object":"model"},{"id":"both"}]}"#) },
        { _ in
          [.wait(.milliseconds(100))]
            + Script.Step.json(#"{"data":[{"id":"both","owned_by":"x"},{"id":"two","created":5}]}"#)
        },
        { _ in [.hang] },
        { _ in Script.Step.json("<html>", status: 200) },
      ])
    let request = Array("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    let answer = try world.exchange(request)
    #expect(answer.status == 200)
    // For Mistral's SDK.
    let rest = #","type":"base","capabilities":{"completion_chat":true}}"#
    #expect(
      answer.text.contains(
        #""data":[{"id":"one","object":"model","created":0,"owned_by":"up0"\#(rest),{"id":"both","object":"model","created":0,"owned_by":"up0"\#(rest),{"id":"two","object":"model","created":5,"owned_by":"up1"\#(rest)]"#
      ))
    #expect(world.seen(0).first?.target == "/v1/models")
    _ = try world.exchange(request)
    #expect(world.seen(0).count == 1)
    let one = try world.exchange(Array("GET /v1/models/two HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    #expect(one.text.hasPrefix(#"{"id":"two""#))
    #expect(
      try world.exchange(Array("GET /v1/models/three HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)).status == 404)
  }

  @Test(arguments: Transport.allCases)
  func `a model named after its provider is requested there under its own name`(transport: Transport) throws {
    let world = try World(transport, [{ _ in Script.Step.answer }, { _ in Script.Step.answer }])
    let answer = try world.exchange(World.chat(#"{"model":"up1/some/model","messages":[{}]}"#))
    #expect(world.seen(0).isEmpty)
    #expect(world.seen(1).first?.text == #"{"model":"some/model","messages":[{}]}"#)
    #expect(answer.text.contains(#""model":"up1/some/model""#))
    #expect(answer.field("x-served-by") == "up1/some/model")
  }

  @Test func `a connection is reused when a stream's body ends after its last event`() throws {
    let world = try World(.curl, [{ _ in Script.Step.shortStream + [.wait(.milliseconds(20))] }])
    let client = world.connect()
    for _ in 0..<4 {
      client.clear()
      client.send(World.streamingChat())
      #expect(try world.answer(to: client).status == 200)
      #expect(world.run { world.reactor.transferCount == 0 })
    }
    #expect(world.acceptedConnections() == 1)
  }
}
