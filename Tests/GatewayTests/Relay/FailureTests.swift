import Foundation
import Reactor
import Support
import Testing

@testable import Gateway

/// The responses to callers when upstreams fail, before and after visible output.
@Suite struct FailureTests {
  @Test(arguments: Transport.allCases)
  func `a failure before visible output goes to the next provider`(transport: Transport) throws {
    let failures: [World.Play] = [
      { _ in [.fail(.closedBeforeResponse)] },
      { _ in Script.Step.json(#"{"error":{"message":"no"}}"#, status: 500) },
      { _ in Script.Step.json(#"{"error":{"message":"slow down"}}"#, status: 429) },
      { _ in Script.Step.json(#"{"error":{"message":"bad key"}}"#, status: 401) },
      { _ in [.streamHead, .event(#"{"choices":[{"index":0,"delta":{"role":"assistant"}}]}"#), .fail(.truncated)] },
      { _ in [.streamHead, .event(#"{"error":{"message":"quota"}}"#)] },
      { _ in [.streamHead, .event("not json")] },
      { _ in [.head(status: 200, fields: ["content-type: text/html"]), .bytes(Array("<html>".utf8))] },
      { _ in [.head(status: 302, fields: ["location: http://169.254.169.254/"])] },
      { _ in [.streamHead] },
    ]
    for failure in failures {
      let world = try World(transport, [failure, { _ in Script.Step.shortStream }])
      let answer = try world.exchange(World.streamingChat())
      #expect(answer.status == 200)
      #expect(answer.events.last == "[DONE]")
      #expect(answer.events.count == 3)
      #expect(world.seen(0).count == 1)
      #expect(world.seen(1).count == 1)
    }
  }

  @Test(arguments: Transport.allCases)
  func `an upstream's error about the request is returned immediately with its message`(transport: Transport) throws
  {
    for status in [400, 404, 413, 422] {
      let world = try World(
        transport,
        [
          { _ in
            Script.Step.json(
              #"{"error":{"message":"too long for me","code":7,"param":"messages"}}"#, status: status)
          },
          { _ in Script.Step.answer },
        ])
      let answer = try world.exchange(World.chat())
      #expect(answer.status == status)
      #expect(answer.text.contains(#""message":"too long for me""#))
      #expect(answer.text.contains(#""param":"messages""#))
      #expect(world.seen(1).isEmpty)
    }
  }

  @Test(arguments: Transport.allCases)
  func `an upstream's statuses are mapped to those of a gateway`(transport: Transport) throws {
    let table = [
      (401, 502, "upstream_credentials_rejected"), (402, 402, "upstream_rejected_request"),
      (403, 403, "upstream_rejected_request"), (429, 429, "upstream_rate_limited"),
      (500, 502, "upstream_failed"), (503, 503, "upstream_failed"), (529, 503, "upstream_failed"),
      (504, 504, "upstream_timeout"), (302, 502, "upstream_failed"), (418, 502, "upstream_failed"),
    ]
    for (upstream, expected, code) in table {
      let world = try World(
        transport,
        [
          { _ in
            Script.Step.json(
              #"{"error":{"message":"key sk-abcdefghijkl is wrong"}}"#, status: upstream, fields: ["retry-after: 9"]
            )
          }
        ])
      let answer = try world.exchange(World.chat())
      #expect(answer.status == expected)
      #expect(answer.text.contains("\"code\":\"\(code)\""))
      #expect(!answer.text.contains("abcdefghijkl"))
      if expected == 429 { #expect(answer.field("retry-after") == "9") }
    }
  }

  @Test(arguments: Transport.allCases)
  func `a failure after visible output is one error event and no DONE`(transport: Transport) throws {
    let breaks: [[Script.Step]] = [
      [.fail(.truncated)], [], [.event(#"{"error":"gone"}"#)], [.event("{broken")],
    ]
    for end in breaks {
      let world = try World(
        transport, [{ _ in [.streamHead, .text("a")] + end }, { _ in Script.Step.shortStream }])
      let client = world.connect()
      client.send(World.streamingChat())
      world.run { client.hasEnded }
      let answer = try #require(client.responses().first)
      #expect(answer.status == 200)
      #expect(!answer.isComplete, "the body must not end as if all were well")
      #expect(answer.events.count == 2)
      #expect(answer.events.last?.contains(#""code":"upstream_truncated""#) == true)
      #expect(!answer.text.contains("[DONE]"))
      #expect(world.seen(1).isEmpty)
    }
  }

  @Test(arguments: Transport.allCases)
  func `a finished stream without DONE is complete`(transport: Transport) throws {
    let world = try World(transport, [{ _ in [.streamHead, .text("a", finish: #""stop""#)] }])
    let answer = try world.exchange(World.streamingChat())
    #expect(answer.isComplete)
    #expect(answer.events.last == "[DONE]")
  }

  @Test(arguments: Transport.allCases)
  func `the response head waits for the first event only for a limited time`(transport: Transport) throws {
    let world = try World(
      transport, toml: "[server]\ncommit_after_secs = 0.1\nkeep_alive_comment_secs = 0.1",
      [{ _ in [.streamHead, .wait(.milliseconds(400))] + Script.Step.shortStream.dropFirst() }])
    let client = world.connect()
    client.send(World.streamingChat())
    world.run(for: .milliseconds(60))
    #expect(client.received.isEmpty)
    #expect(world.run { client.text.contains(": keep-alive\n\n") })
    let answer = try world.answer(to: client)
    #expect(answer.text.hasPrefix(": keep-alive\n\n: keep-alive\n\n"))
    #expect(answer.events.count == 3)
    #expect(answer.isComplete)
  }

  @Test(arguments: Transport.allCases)
  func `after the head is sent and before visible output, the gateway still fails over`(transport: Transport) throws
  {
    let world = try World(
      transport, toml: "[server]\ncommit_after_secs = 0.05",
      [
        { _ in
          [
            .streamHead, .event(#"{"id":"first","choices":[{"index":0,"delta":{"role":"assistant"}}]}"#),
            .wait(.milliseconds(150)), .fail(.truncated),
          ]
        },
        { _ in Script.Step.shortStream },
      ])
    let answer = try world.exchange(World.streamingChat())
    #expect(answer.status == 200)
    #expect(!answer.text.contains("first"))
    #expect(answer.events.count == 3)
    #expect(answer.events.last == "[DONE]")
  }

  @Test(arguments: Transport.allCases)
  func `a silent upstream times out`(transport: Transport) throws {
    let world = try World(
      transport,
      toml:
        "[server]\nupstream_first_event_timeout_secs = 0.1\nupstream_stall_timeout_secs = 0.1\nupstream_total_timeout_secs = 0.1",
      [{ $0.text.contains("late") ? [.streamHead, .text("a"), .hang] : [.streamHead, .hang] }])
    let none = try world.exchange(World.streamingChat())
    #expect(none.status == 504)
    #expect(none.text.contains("upstream_timeout"))
    let whole = try world.exchange(World.chat())
    #expect(whole.status == 504)
    let client = world.connect()
    client.send(World.streamingChat(#","user":"late""#))
    world.run { client.hasEnded }
    #expect(client.text.contains("upstream_truncated"))
    #expect(!client.text.contains("[DONE]"))
    world.run(for: .milliseconds(20))
    #expect(world.reactor.transferCount == 0)
    #expect(world.openConnections() == 0)
  }

  @Test func `a provider that loads a model is retried until the model is ready or the limit is reached`() throws {
    let loading = Script.Step.json(
      #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, status: 503)
    final class Counter { var count = 0 }
    let asked = Counter()
    let loads: World.Play = { _ in
      asked.count += 1
      return asked.count < 3 ? loading : Script.Step.answer
    }
    for strategy in ["priority", "direct"] {
      asked.count = 0
      let world = try World(toml: "[server]\nstrategy = \"\(strategy)\"", [loads])
      let answer = try world.exchange(World.chat())
      #expect(answer.status == 200)
      #expect(asked.count == 3)
    }
    let none = try World(
      toml: "[server]\nupstream_model_load_timeout_secs = 1.5\n[retry]\nmax_retries = 0", [{ _ in loading }])
    let refused = try none.exchange(World.chat())
    #expect(refused.status == 503)
    #expect(refused.text.contains("Loading model"))
    #expect(none.seenCount == 2)
  }

  @Test func `a provider that accepts no connections is a 502 with that reason`() throws {
    let world = try World(
      .curl, toml: "[[providers]]\ntype = \"OpenAiCompatible\"\nbase_url = \"http://127.0.0.1:1\"", [])
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 502)
    #expect(answer.text.contains("upstream_unreachable"))
  }

  @Test(arguments: Transport.allCases)
  func `a caller that disconnects during a stream cancels the transfer`(transport: Transport) throws {
    let world = try World(transport, [{ _ in [.streamHead, .text("a"), .hang] }])
    for isReset in [true, false] {
      let client = world.connect()
      client.send(World.streamingChat())
      world.run { client.text.contains("\"a\"") }
      #expect(world.reactor.transferCount == 1)
      if isReset { client.reset() } else { client.leave() }
      #expect(
        world.run(upTo: .milliseconds(500)) { world.reactor.transferCount == 0 && world.openConnections() == 0 })
      #expect(world.run(upTo: .milliseconds(500)) { world.reactor.clientCount == 0 })
    }
  }

  @Test(arguments: Transport.allCases)
  func `a caller that disconnects before the response cancels the transfer`(transport: Transport) throws {
    for request in [World.chat(), World.streamingChat()] {
      let world = try World(transport, [{ _ in [.hang] }])
      let client = world.connect()
      client.send(request)
      world.run { world.seenCount == 1 }
      client.leave()
      #expect(
        world.run(upTo: .milliseconds(500)) {
          world.reactor.transferCount == 0 && world.openConnections() == 0 && world.reactor.clientCount == 0
        })
    }
  }

  @Test func `a hundred failures leave nothing behind`() throws {
    let world = try World(
      .curl, [{ _ in [.streamHead, .text("a"), .fail(.truncated)] }])
    for _ in 0..<100 {
      let client = world.connect()
      client.send(World.streamingChat())
      world.run { client.hasEnded }
      client.leave()
    }
    #expect(world.run(upTo: .seconds(3)) { world.reactor.clientCount == 0 })
    #expect(world.reactor.transferCount == 0)
    #expect(world.openConnections() == 0)
  }

  @Test(arguments: Transport.allCases)
  func `small events that grow in translation wait for the client`(transport: Transport) throws {
    let tiny = Array(String(repeating: "data:{}\n\n", count: 50_000).utf8)
    let world = try World(transport, [{ _ in [.streamHead, .text("a"), .bytes(tiny), .hang] }])
    let client = world.connect()
    client.reads = false
    client.send(World.streamingChat())
    world.run(for: .milliseconds(500))
    #expect(world.reactor.waitingBytes.output < 1024 * 1024)
    client.reads = true
    #expect(world.run { client.received.count > 50_000 * 80 })
  }

  @Test(arguments: Transport.allCases)
  func `an ID of one megabyte is not repeated in other chunks`(transport: Transport) throws {
    let long = String(repeating: "i", count: 900_000)
    let world = try World(
      transport,
      [
        { _ in
          [
            .streamHead, .event(#"{"id":"\#(long)","choices":[{"index":0,"delta":{"content":"a"}}]}"#),
            .event("{}"), .text("b", finish: #""stop""#), .done,
          ]
        }
      ])
    let answer = try world.exchange(World.streamingChat())
    #expect(answer.isComplete)
    #expect(answer.body.count < 1_000_000)
  }

  @Test(arguments: Transport.allCases)
  func `more choices than a request can ask for are malformed`(transport: Transport) throws {
    let many = Array(repeating: "{}", count: 200).joined(separator: ",")
    let world = try World(
      transport,
      [
        { request in
          request.text.contains("whole")
            ? Script.Step.json(#"{"choices":[\#(many)]}"#) : [.streamHead, .event(#"{"choices":[\#(many)]}"#)]
        }
      ])
    #expect(try world.exchange(World.streamingChat()).status == 502)
    #expect(try world.exchange(World.streamingChat(#","user":"whole""#)).status == 502)
  }

  @Test(arguments: Transport.allCases)
  func `a provider's key never reaches a caller, however the upstream repeats it`(transport: Transport) throws {
    let key = "very-secret-provider-key"
    let bodies = [
      #"{"error":{"message":"\#(key) is wrong","code":"\#(key)","type":"\#(key)","param":"\#(key)"}}"#,
      #"{"error":"BEARER\t\#(key)"}"#, "<html>\(key)</html>",
      #"{"error":{"message":"very\u002dsecret-provider-key"}}"#,
    ]
    for body in bodies {
      for status in [200, 400, 500] {
        let world = try World(
          transport, providers: "type = \"OpenAiCompatible\"\napi_key = \"\(key)\"",
          [{ _ in Script.Step.json(body, status: status) }])
        for request in [World.chat(), World.streamingChat()] {
          let answer = try world.exchange(request)
          #expect(answer.status >= 400)
          #expect(!answer.text.contains(key))
          #expect(!answer.text.contains("secret-provider-key"))
        }
      }
    }
  }

  @Test(arguments: Transport.allCases)
  func `an upstream's message is limited in bytes`(transport: Transport) throws {
    let long = "a" + String(repeating: "\u{301}", count: 400_000)
    let world = try World(transport, [{ _ in Script.Step.json(#"{"error":{"message":"\#(long)"}}"#) }])
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 502)
    #expect(answer.body.count < 10_000)
  }

  @Test(arguments: Transport.allCases)
  func `a stream that ends before all choices are complete is an error`(transport: Transport) throws {
    let world = try World(
      transport, [{ _ in [.streamHead, .text("a", finish: #""stop""#), .fail(.truncated)] }])
    for (wanted, isComplete) in [(1, true), (2, false)] {
      let client = world.connect()
      client.send(World.streamingChat(#","n":\#(wanted)"#))
      world.run { client.hasEnded || client.responses().contains { $0.isComplete } }
      #expect(client.responses().first?.isComplete == isComplete)
      #expect(client.text.contains("[DONE]") == isComplete)
    }
  }
}
