import Reactor
import Support
import Testing

@testable import Gateway

/// Malformed requests over a real socket: the expected response, a closed connection, and no upstream request.
@Suite struct MalformedTests {
  static let good = World.chat()

  @Test(arguments: Rows.malformed)
  func `a malformed request never reaches an upstream`(row: Row) throws {
    let world = try World(
      .scripted, toml: "[server]\njson_body_bytes_max = \(Rows.bodyBytesMax)", [{ _ in Script.Step.answer }])
    for isBytewise in [false, true] {
      let client = world.connect()
      if isBytewise {
        // Long requests in pieces. The tests of the parsers split them at every byte.
        let size = max(1, row.bytes.count / 1000)
        for start in stride(from: 0, to: row.bytes.count, by: size) where !client.hasEnded {
          client.send(Array(row.bytes[start..<min(start + size, row.bytes.count)]))
          world.step()
        }
      } else {
        client.send(row.bytes + (row.rejectedBy == .incomplete ? [] : Self.good))
      }
      if row.rejectedBy == .incomplete {
        client.finish()
        #expect(world.run { client.hasEnded })
        #expect(client.received.isEmpty)
      } else {
        world.run { client.responses().contains { $0.isComplete && $0.status >= 200 } || client.hasEnded }
        let first = try #require(client.responses().first { $0.status >= 200 })
        #expect(first.status == row.status)
        #expect(first.text.contains("\"error\":{\"message\":"))
        if row.closes {
          #expect(world.run { client.hasEnded })
          #expect(client.responses().filter { $0.status >= 200 }.count == 1, "nothing after it is answered")
        }
      }
      client.leave()
    }
    if row.closes || row.rejectedBy == .incomplete { #expect(world.seenCount == 0) }
  }
}
