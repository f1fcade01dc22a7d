import Reactor
import Support
import Testing

@testable import Gateway

/// Large bodies and answers are read and translated on a thread, and otherwise like small ones.
@Suite struct LargeWorkTests {
  private static let anthropic = "type = \"Anthropic\"\napi_key = \"a-key\""
  private static let text = String(repeating: "word ", count: 300_000)
  private static let large = #"{"model":"m","messages":[{"role":"user","content":"\#(text)"}]}"#
  private static let message =
    #"{"id":"m1","type":"message","role":"assistant","model":"s","content":[{"type":"text","text":"\#(text)"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}"#
  private static let completion =
    #"{"id":"c1","object":"chat.completion","created":1,"model":"s","choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"stop"}]}"#

  private static func small(_ stream: Bool = false) -> [UInt8] {
    stream ? World.streamingChat() : World.chat()
  }

  /// A provider whose dialect decides, and the answer in that dialect.
  private static func world(_ isTranslated: Bool, large: Bool, transport: Transport = .scripted) throws -> World {
    let answer = isTranslated ? message : completion
    let short = isTranslated ? message.replacing(text, with: "hi") : completion.replacing(text, with: "hi")
    return try World(
      transport, providers: isTranslated ? anthropic : "type = \"OpenAiCompatible\"",
      [{ _ in Script.Step.json(large ? answer : short) }])
  }

  @Test(arguments: Transport.allCases, [true, false])
  func `a large request is answered like a small one`(transport: Transport, isTranslated: Bool) throws {
    let world = try Self.world(isTranslated, large: false, transport: transport)
    let answer = try world.exchange(World.chat(Self.large))
    #expect(answer.status == 200)
    #expect(answer.text.contains(#""content":"hi""#))
    #expect(world.seen().first.map { String(decoding: $0.body, as: UTF8.self).contains(Self.text) } == true)
    #expect(world.gateway.connections.capacity.bodyBytes == 0)
    #expect(world.gateway.connections.capacity.exchangeBytes == 0)
  }

  @Test(arguments: [true, false], [true, false])
  func `a large answer is relayed like a small one`(isTranslated: Bool, streams: Bool) throws {
    let world = try Self.world(isTranslated, large: true, transport: .curl)
    let answer = try world.exchange(Self.small(streams))
    #expect(answer.status == 200)
    #expect(answer.isComplete)
    #expect(answer.text.contains("word word word"))
    #expect(answer.body.count > Self.text.utf8.count)
    if streams { #expect(answer.text.hasSuffix("data: [DONE]\n\n")) }
    #expect(world.gateway.connections.capacity.exchangeBytes == 0)
  }

  @Test(arguments: Transport.allCases, [true, false])
  func `a stream with large events is relayed like one with small ones`(transport: Transport, isTranslated: Bool)
    throws
  {
    let pieces = ["one ", Self.text, "two ", Self.text, "three"]
    let steps =
      isTranslated
      ? pieces.map {
        .event(#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#($0)"}}"#)
      }
      : pieces.map { Script.Step.text($0) }
    let first: [Script.Step] =
      isTranslated
      ? [
        .event(#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":3,"output_tokens":1}}}"#),
        .event(#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#),
      ] : []
    let last: [Script.Step] =
      isTranslated
      ? [
        .event(#"{"type":"content_block_stop","index":0}"#),
        .event(#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}"#),
        .event(#"{"type":"message_stop"}"#),
      ] : [.text("", finish: #""stop""#), .event("[DONE]")]
    let world = try World(
      transport, providers: isTranslated ? Self.anthropic : "type = \"OpenAiCompatible\"",
      [{ _ in [.streamHead] + first + steps + last }])
    let client = world.connect()
    client.send(World.streamingChat())
    #expect(world.run(upTo: .seconds(20)) { client.responses().first?.isComplete == true })
    let answer = try #require(client.responses().first)
    var rest = answer.text[...]
    for piece in pieces {
      let place = try #require(rest.firstRange(of: "\"content\":\"\(piece)\""))
      rest = rest[place.upperBound...]
    }
    #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
    #expect(world.gateway.connections.capacity.exchangeBytes == 0)
  }

  @Test func `a large request that cannot be read is rejected, and the connection goes on`() throws {
    let world = try Self.world(false, large: false)
    let client = world.connect()
    client.send(World.chat(String(Self.large.dropLast(2))))
    #expect(world.run { client.responses().first?.isComplete == true })
    #expect(client.responses().first?.status == 400)
    client.send(Self.small())
    #expect(world.run { client.responses().count == 2 })
    #expect(client.responses().last?.status == 200)
  }

  @Test func `the loop goes on while a large request is read`() throws {
    let world = try Self.world(true, large: false)
    // Many small parts take longest.
    let part = #"{"type":"text","text":"a"},"#
    let body =
      #"{"model":"m","messages":[{"role":"user","content":["# + String(repeating: part, count: 60_000)
      + #"{"type":"text","text":"a"}]}]}"#
    let slow = world.connect()
    slow.send(World.chat(body))
    #expect(world.run { world.gateway.connections.capacity.bodyBytes == body.utf8.count })
    var between = 0
    while slow.responses().isEmpty, between < 10_000 {
      world.step()
      between += 1
    }
    #expect(between > 1)
    #expect(try world.answer(to: slow).status == 200)
  }

  @Test func `a client that leaves while its request is read leaves nothing behind`() throws {
    let world = try Self.world(true, large: false)
    for _ in 0..<3 {
      let client = world.connect()
      client.send(World.chat(Self.large))
      #expect(world.run { world.gateway.connections.open.contains { $0.job != nil } })
      client.leave()
      #expect(world.run { world.gateway.connections.count == 0 })
    }
    #expect(try world.exchange(World.chat(Self.large)).status == 200)
  }

  @Test func `requests that wait for the thread are read one after the other, and each is answered`() throws {
    let world = try Self.world(true, large: false)
    let clients = (0..<5).map { _ in world.connect() }
    for client in clients { client.send(World.chat(Self.large)) }
    #expect(world.run { clients.allSatisfy { $0.responses().first?.isComplete == true } })
    #expect(clients.allSatisfy { $0.responses().first?.status == 200 })
  }

  @Test func `a stop while a request is read tells its caller`() throws {
    let world = try Self.world(true, large: false)
    let client = world.connect()
    client.send(World.chat(Self.large))
    #expect(world.run { world.gateway.connections.open.contains { $0.job != nil } })
    world.gateway.stop()
    world.gateway.stop()
    #expect(try world.answer(to: client).status == 503)
  }

  @Test func `the tokens of a large request are counted`() throws {
    let world = try Self.world(true, large: false)
    let answer = try world.exchange(World.post("/v1/messages/count_tokens", Self.large))
    #expect(answer.status == 200)
    #expect(answer.text.contains("input_tokens"))
  }

  @Test(arguments: ["/v1/route/explain", "/api/show", "/v1/hardware/placement"])
  func `a question of more than a mebibyte is rejected`(path: String) throws {
    let world = try Self.world(true, large: false)
    let answer = try world.exchange(World.post(path, #"{"model":"m","x":"\#(Self.text)"}"#))
    #expect(answer.status == 413)
  }

  @Test func `an answer that becomes too much in the caller's dialect is an error`() throws {
    let call = #"{"type":"tool_use","id":"t","name":"f","input":{}},"#
    let count = (8 << 20) / call.utf8.count
    let content = String(repeating: call, count: count) + call.dropLast()
    let body =
      #"{"id":"m1","type":"message","role":"assistant","model":"s","content":[\#(content)],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}"#
    let world = try World(.curl, providers: Self.anthropic, [{ _ in Script.Step.json(body) }])
    let client = world.connect()
    client.send(Self.small(true))
    #expect(world.run(upTo: .seconds(60)) { client.responses().first?.isComplete == true })
    #expect(client.received.count < Exchange.madeBytesMax + 65_536)
  }

  @Test func `a large request of too many objects is rejected before it is translated, and passes where it is not`()
    throws
  {
    let part = #"{"type":"text","text":"a"},"#
    let body =
      #"{"model":"m","messages":[{"role":"user","content":["#
      + String(repeating: part, count: RequestTranslation.objectsMax) + part.dropLast() + "]}]}"
    for (isTranslated, status) in [(true, 400), (false, 200)] {
      let world = try Self.world(isTranslated, large: false)
      let answer = try world.exchange(World.chat(body))
      #expect(answer.status == status)
      #expect(world.seenCount == (isTranslated ? 0 : 1))
    }
  }

  @Test func `braces in a text are no objects`() throws {
    let world = try Self.world(true, large: false)
    let text = String(repeating: #"{\"{\\"#, count: 300_000)
    let body = #"{"model":"m","messages":[{"role":"user","content":"\#(text)"}]}"#
    #expect(try world.exchange(World.chat(body)).status == 200)
  }

  @Test func `at the memory limit, large answers are made one after the other as clients read them`() throws {
    let world = try Self.world(true, large: true, transport: .curl)
    let clients = (0..<6).map { _ in world.connect() }
    for client in clients { client.reads = false }
    for client in clients { client.send(Self.small()) }
    #expect(world.run { world.seenCount == 6 })
    let limit = 2 << 20
    world.gateway.connections.capacity.memoryBytesMax = limit
    world.run(for: .milliseconds(500))
    #expect(world.reactor.clientBytes < limit / 2 + 2 * Self.message.utf8.count)
    for client in clients { client.reads = true }
    #expect(world.run(upTo: .seconds(20)) { clients.allSatisfy { $0.responses().first?.isComplete == true } })
    #expect(world.gateway.connections.capacity.exchangeBytes == 0)
  }
}
