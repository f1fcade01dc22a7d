@testable import Gateway
import Testing

@Suite struct NDJSONReaderTests {
  /// Streams and their lines. The last line may lack a line end.
  static let corpus: [(stream: String, lines: [String])] = [
    ("a\nb\n", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]), ("a\nb", ["a", "b"]), ("a\r\nb\r", ["a", "b"]),
    ("\n\na\n\n\r\n \t\r\nb\n\n", ["a", "b"]), ("a\n  ", ["a"]), (" a \n", [" a "]), ("a\rb\n", ["a\rb"]),
    ("\u{feff}a\n\u{feff}b\n", ["a", "\u{feff}b"]), ("\u{feff}\na\n", ["a"]), ("a\r\r\n", ["a\r"]),
    ("{\"h\":\"\u{e9}\u{1f600}\"}\n{}\n", ["{\"h\":\"\u{e9}\u{1f600}\"}", "{}"]), ("", []), ("\n", []), ("\r", []),
  ]

  /// Returns the lines of a stream that arrives in pieces and then ends.
  static func read(_ pieces: [ArraySlice<UInt8>]) throws(SSEReader.TooLong) -> [String] {
    var reader = NDJSONReader()
    var lines: [String] = []
    for piece in pieces {
      let bytes = Array(piece)
      var offset = 0
      while try reader.next(in: bytes.span, from: &offset) {
        lines.append(String(decoding: reader.data, as: UTF8.self))
      }
    }
    if try reader.finish() { lines.append(String(decoding: reader.data, as: UTF8.self)) }
    return lines
  }

  @Test(arguments: corpus.indices)
  func `lines are read however the bytes are split`(_ index: Int) throws {
    let (stream, lines) = Self.corpus[index]
    let bytes = Array(stream.utf8)
    #expect(try Self.read([bytes[...]]) == lines)
    #expect(try Self.read(bytes.indices.map { bytes[$0...$0] }) == lines)
    for first in bytes.indices {
      for second in first...bytes.count {
        let found = try Self.read([bytes[..<first], bytes[first..<second], bytes[second...]])
        if found != lines {
          Issue.record("cut at \(first) and \(second): \(found)")
          return
        }
      }
    }
  }

  @Test func `the reader reports an unfinished line`() throws {
    var reader = NDJSONReader()
    #expect(!reader.hasPartialInput)
    for (text, holds) in [("{\"a\"", true), (":1}", true), ("\n", false), ("\r\n", false), ("{", true)] {
      let bytes = Array(text.utf8)
      var offset = 0
      _ = try reader.next(in: bytes.span, from: &offset)
      #expect(reader.hasPartialInput == holds)
    }
    #expect(try reader.finish())
    #expect(reader.data == Array("{".utf8))
    #expect(!reader.hasPartialInput)
    #expect(try !reader.finish())
  }

  // MARK: Limits

  private static func line(_ count: Int, end: String = "\r\n") -> [UInt8] {
    [UInt8](repeating: 0x78, count: count) + Array(end.utf8)
  }

  @Test(arguments: ["\n", "\r\n", ""], [1, 700, NDJSONReader.lineBytesMax / 2])
  func `a line of exactly the limit is read and a longer one is not, however it is split`(end: String, cut: Int)
    throws
  {
    let most = Self.line(NDJSONReader.lineBytesMax, end: end)
    #expect(try Self.read([most[...]]).first?.utf8.count == NDJSONReader.lineBytesMax)
    #expect(try Self.read([most[..<cut], most[cut...]]).count == 1)
    let more = Self.line(NDJSONReader.lineBytesMax + 1, end: end)
    #expect(throws: SSEReader.TooLong()) { try Self.read([more[...]]) }
    #expect(throws: SSEReader.TooLong()) { try Self.read([more[..<cut], more[cut...]]) }
  }

  @Test(arguments: [UInt8(ascii: "x"), UInt8(ascii: " ")])
  func `a line that never ends is an error at the limit`(_ byte: UInt8) throws {
    var reader = NDJSONReader()
    let piece = [UInt8](repeating: byte, count: NDJSONReader.lineBytesMax / 2)
    for _ in 0..<2 {
      var offset = 0
      #expect(try reader.next(in: piece.span, from: &offset) == false)
    }
    var offset = 0
    #expect(throws: SSEReader.TooLong()) { try reader.next(in: piece.span, from: &offset) }
  }
}
