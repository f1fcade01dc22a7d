@testable import Gateway
import Testing

@Suite struct StreamWriterTests {
  private static let head = Array("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".utf8)

  @Test(arguments: [1, 9, 10, 15, 16, 255, 256, 4095, 4096, 65_535, 70_000, 1_048_577])
  func `a chunk begins with its size`(_ count: Int) throws {
    var stream = StreamWriter(minorVersion: 1)
    var out = Self.head
    let data = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    stream.begin(&out)
    // In pieces, and with `begin` called again while the chunk is open.
    out += data.prefix(count / 2)
    stream.begin(&out)
    out += data.dropFirst(count / 2)
    stream.commit(&out)
    let open = try #require(Received(out))
    #expect(open.body == data)
    #expect(open.chunks == [count])
    #expect(!open.isWhole)
    stream.end(&out)
    #expect(try #require(Received(out)).isWhole)
  }

  @Test func `an empty chunk is removed`() {
    var stream = StreamWriter(minorVersion: 1)
    var out = Self.head
    stream.begin(&out)
    stream.commit(&out)
    #expect(out == Self.head)
    stream.commit(&out)
    #expect(out == Self.head)
  }

  @Test func `consecutive chunks can have separate outputs`() throws {
    var stream = StreamWriter(minorVersion: 1)
    var all = Self.head
    for count in [5, 0, 300, 1] {
      var out: [UInt8] = []
      stream.begin(&out)
      out += [UInt8](repeating: 0x78, count: count)
      stream.commit(&out)
      all += out
    }
    #expect(try #require(Received(all)).chunks == [5, 300, 1])
  }

  @Test func `an HTTP/1.0 client gets a stream without chunks`() {
    var stream = StreamWriter(minorVersion: 0)
    var out: [UInt8] = []
    stream.begin(&out)
    out.append("data: x\n\n" as StaticString)
    stream.commit(&out)
    stream.end(&out)
    #expect(String(decoding: out, as: UTF8.self) == "data: x\n\n")
  }
}
