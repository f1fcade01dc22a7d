import Foundation
import Reactor
import Support
import Testing

@testable import Gateway

/// The limits of memory and connections: requests beyond them are rejected, and running requests continue.
@Suite struct CapacityTests {
  private static func hanging(_: SeenRequest) -> [Script.Step] { [.streamHead, .text("hi"), .hang] }

  @Test func `bodies beyond the total limit are rejected, also while they arrive, and running streams continue`()
    throws
  {
    let world = try World(toml: "[server]\nrequest_bodies_bytes_max = 1048576\n", [Self.hanging])
    let running = world.connect()
    running.send(World.streamingChat())
    #expect(world.run { running.text.contains("hi") })
    let half = String(repeating: "x", count: 700_000)
    let slow = world.connect()
    slow.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n{\"model\":\"m\",\"a\":\"\(half)"
    )
    #expect(world.run { world.gateway.connections.capacity.bodyBytes > 700_000 })
    let answer = try world.exchange(World.chat(#"{"model":"m","a":"\#(half)","messages":[{}]}"#))
    #expect(answer.status == 503)
    #expect(answer.field("retry-after") == "1")
    #expect(answer.text.contains(#""code":"overloaded""#))
    #expect(try world.exchange(Array("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)).status == 200)
    slow.leave()
    #expect(world.run { world.gateway.connections.capacity.bodyBytes < 1000 })
    #expect(!running.hasEnded)
    running.leave()
    #expect(world.run { world.gateway.connections.capacity.bodyBytes == 0 })
  }

  @Test func `an answered body no longer counts, although its connection stays open`() throws {
    let world = try World(.scripted, [{ _ in Script.Step.answer }])
    let client = world.connect()
    client.send(World.chat())
    #expect(try world.answer(to: client).status == 200)
    #expect(world.run { world.gateway.connections.capacity.bodyBytes == 0 })
    #expect(!client.hasEnded)
  }

  @Test(arguments: [(64 + 17, 8), (64 + 1700, 800), (1024, 451), (1 << 20, 8192), (64, 1), (0, 1)])
  func `half of the descriptors are kept for upstreams`(descriptors: Int, clients: Int) throws {
    let server = try read("").server
    #expect(Capacity(server, descriptorsMax: descriptors).clientsMax == clients)
  }

  @Test func `beyond the memory limit, chats are rejected and other requests are answered`() throws {
    let world = try World(toml: "[server]\nmemory_bytes_max = 1\n", [{ _ in Script.Step.answer }])
    let refused = try world.exchange(World.chat())
    #expect(refused.status == 503)
    #expect(refused.field("retry-after") == "1")
    #expect(world.seenCount == 0)
    for path in ["/healthz", "/readyz", "/v1/status"] {
      #expect(try world.exchange(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)).status == 200)
    }
  }

  @Test func `an address has its own limit of connections, which frees up when one closes`() throws {
    let world = try World(toml: "[server]\nclients_per_address_max = 3\n", [{ _ in Script.Step.answer }])
    let first = (0..<3).map { _ in world.connect() }
    world.run { world.reactor.clientCount == 3 }
    let answer = try world.exchange(World.chat())
    #expect(answer.status == 503)
    #expect(answer.field("connection") == "close")
    #expect(world.gateway.connections.capacity.rejected == 1)
    for client in first { client.leave() }
    world.run { world.reactor.clientCount == 0 }
    #expect(try world.exchange(World.chat()).status == 200)
  }

  @Test func `the status is JSON with the current counts`() throws {
    let world = try World(.curl, toml: "[server]\nclients_max = 77\n", [Self.hanging])
    let running = world.connect()
    running.send(World.streamingChat())
    #expect(world.run { running.text.contains("hi") })
    let answer = try world.exchange(Array("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    #expect(answer.status == 200)
    let status = try #require(JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
    let numbers = { (group: String) in status[group] as? [String: Int] ?? [:] }
    #expect(status["object"] as? String == "status")
    #expect(status["draining"] as? Bool == false)
    #expect(numbers("clients")["open"] == 2)
    #expect(numbers("clients")["max"] == 77)
    #expect(numbers("transfers")["open"] == 1)
    #expect(numbers("transfers")["multis"] == 1)
    #expect(numbers("descriptors")["upstreams"] == 1)
    #expect((numbers("bytes")["resident"] ?? 0) > 1_000_000)
    let loop = try #require(status["loop"] as? [String: Any])
    #expect((loop["turns"] as? Int ?? 0) > 1)
    #expect(Set((loop["lag_us"] as? [String: Int] ?? [:]).keys) == ["p50", "p90", "p99", "p999", "max"])
  }

  @Test(arguments: Transport.allCases)
  func `a compressed response is not forwarded`(transport: Transport) throws {
    for stream in [true, false] {
      let head = Script.Step.head(
        status: 200, fields: ["content-type: application/json", "content-encoding: gzip"])
      let world = try World(transport, [{ _ in [head, .bytes([31])] }])
      let answer = try world.exchange(stream ? World.streamingChat() : World.chat())
      #expect(answer.status == 502)
      #expect(answer.text.contains("upstream_malformed_response"))
    }
  }

  @Test(arguments: Transport.allCases)
  func `an answer that says it is compressed is not believed to be plain`(transport: Transport) throws {
    for (encoding, status) in [("identity", 200), ("gzip", 502), ("br", 502)] {
      let world = try World(
        transport,
        [
          { _ in Script.Step.json(WholeAnswerTests.answer, fields: ["content-encoding: \(encoding)"]) }
        ])
      #expect(try world.exchange(World.chat()).status == status, "\(encoding)")
    }
  }

  @Test func `a drain finishes running requests and closes idle connections`() throws {
    let world = try World(.scripted, [{ _ in Script.Step.answer }])
    let idle = world.connect()
    idle.send(World.chat())
    #expect(world.run { idle.responses().first?.isComplete == true })
    let late = world.connect()
    world.run { world.reactor.clientCount == 2 }
    world.gateway.stop()
    late.send(World.chat())
    let answer = try world.answer(to: late)
    #expect(answer.status == 200)
    #expect(answer.field("connection") == "close")
    #expect(world.run { world.gateway.isOver })
    #expect(world.run { idle.hasEnded })
  }

  @Test func `a request that waits for the model list gets an error when the gateway stops`() throws {
    let world = try World(.scripted, [{ _ in [.wait(.seconds(60))] }])
    let client = world.connect()
    client.send(Array("GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
    #expect(world.run { world.reactor.clientCount == 1 && !world.gateway.endpoints.modelLists.waiting.isEmpty })
    world.gateway.stop()
    world.gateway.stop()
    let answer = try world.answer(to: client)
    #expect(answer.status == 503)
    #expect(answer.text.contains("shutting_down"))
  }
}
