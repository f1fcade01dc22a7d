@testable import Gateway
import Testing

@Suite struct SSEReaderTests {
  struct Event: Equatable, CustomStringConvertible {
    var data: String
    var name = ""
    var description: String { "\(name)|\(data)" }
  }

  /// Streams and their events.
  static let corpus: [(stream: String, events: [Event])] = [
    ("data: a\n\ndata: b\n\n", [Event(data: "a"), Event(data: "b")]),
    ("data: a\r\n\r\ndata: b\r\n\r\n", [Event(data: "a"), Event(data: "b")]),
    ("data: a\r\rdata: b\r\r", [Event(data: "a"), Event(data: "b")]),
    ("data: a\n\r\ndata: b\r\n\n", [Event(data: "a"), Event(data: "b")]),
    ("\u{feff}data: a\n\n", [Event(data: "a")]),
    ("\u{feff}\n\u{feff}data: a\n\ndata: b\n\n", [Event(data: "b")]),
    (": hello\n\n:\ndata: a\n: in between\n\n", [Event(data: "a")]),
    ("data: a\ndata: b\ndata\ndata:\n\n", [Event(data: "a\nb\n\n")]),
    ("data:a\n\ndata:  a\n\ndata:\ta\n\n", [Event(data: "a"), Event(data: " a"), Event(data: "\ta")]),
    ("event: error\ndata: a\n\ndata: b\n\n", [Event(data: "a", name: "error"), Event(data: "b")]),
    ("event:x\n\ndata: a\n\n", [Event(data: "a")]),
    ("data: a\nevent: late\nevent: later\n\n", [Event(data: "a", name: "later")]),
    ("id: 7\nretry: 3000\ndata: a\n\nid\nretry:\n\n", [Event(data: "a")]),
    ("database: a\n\ndat: b\n\n data: c\n\nData: d\n\n", []),
    ("data:\n\n", [Event(data: "")]),
    ("data\n\n", [Event(data: "")]),
    ("data: h\u{e9}\u{1f600}\n\n", [Event(data: "h\u{e9}\u{1f600}")]),
    ("data: a\n\ndata: unfinished\n", [Event(data: "a")]),
    ("data: a\n\ndata: unfinished", [Event(data: "a")]),
    ("event: \(String(repeating: "n", count: 65))\ndata: a\n\n", [Event(data: "a")]),
    ("\n\n\r\n\r\r\n", []), ("", []),
  ]

  /// Returns the events of a stream that arrives in pieces.
  static func read(_ pieces: [ArraySlice<UInt8>]) throws(SSEReader.TooLong) -> [Event] {
    var reader = SSEReader()
    var events: [Event] = []
    for piece in pieces {
      let bytes = Array(piece)
      var offset = 0
      while try reader.next(in: bytes.span, from: &offset) {
        events.append(
          Event(
            data: String(decoding: reader.data, as: UTF8.self), name: String(decoding: reader.name, as: UTF8.self)))
      }
    }
    return events
  }

  @Test(arguments: corpus.indices)
  func `events are read however the bytes are split`(_ index: Int) throws {
    let (stream, events) = Self.corpus[index]
    let bytes = Array(stream.utf8)
    #expect(try Self.read([bytes[...]]) == events)
    #expect(try Self.read(bytes.indices.map { bytes[$0...$0] }) == events)
    for first in bytes.indices {
      for second in first...bytes.count {
        let found = try Self.read([bytes[..<first], bytes[first..<second], bytes[second...]])
        if found != events {
          Issue.record("cut at \(first) and \(second): \(found)")
          return
        }
      }
    }
  }

  @Test func `random streams are read as the standard defines`() throws {
    let parts = [
      "data", ":", " ", "\n", "\r", "\r\n", "data: x", "event: y", "id: 1", ": c", "\u{feff}", "\n\n", "z",
    ]
    var random = SplitMix(state: 11)
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...14, using: &random)).map { _ in parts.randomElement(using: &random)! }
        .joined()
      let bytes = Array(text.utf8)
      let cut = Int.random(in: 0...bytes.count, using: &random)
      let found = try Self.read([bytes[..<cut], bytes[cut...]])
      if found != Self.expected(bytes) {
        Issue.record("\(text.debugDescription): \(found), not \(Self.expected(bytes))")
        return
      }
    }
  }

  /// Returns the events of a whole stream by the steps of the standard.
  private static func expected(_ bytes: [UInt8]) -> [Event] {
    var bytes = bytes[...]
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
    var lines: [String] = []
    var line: [UInt8] = []
    var previous: UInt8 = 0
    for byte in bytes {
      if byte == 0x0d || (byte == 0x0a && previous != 0x0d) {
        lines.append(String(decoding: line, as: UTF8.self))
        line = []
      } else if byte != 0x0a {
        line.append(byte)
      }
      previous = byte
    }
    var events: [Event] = []
    var data: [String] = []
    var name = ""
    for line in lines {
      if line.isEmpty {
        if !data.isEmpty { events.append(Event(data: data.joined(separator: "\n"), name: name)) }
        data = []
        name = ""
        continue
      }
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      var value = line[colon...].dropFirst()
      if value.first == " " { value = value.dropFirst() }
      if line[..<colon] == "data" { data.append(String(value)) }
      if line[..<colon] == "event" { name = String(value) }
    }
    return events
  }

  @Test func `the reader reports an unfinished event`() throws {
    var reader = SSEReader()
    #expect(!reader.hasPartialInput)
    for (text, holds) in [("da", true), ("ta: a\n", true), ("\n", false), (": c\n", false)] {
      let bytes = Array(text.utf8)
      var offset = 0
      _ = try reader.next(in: bytes.span, from: &offset)
      #expect(reader.hasPartialInput == holds)
    }
  }

  // MARK: Limits

  private static func event(_ count: Int) -> [UInt8] {
    Array("data: ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: count) + Array("\n\n".utf8)
  }

  @Test func `an event below the limit is read and one above it is not`() throws {
    let most = SSEReader.eventBytesMax
    #expect(try Self.read([Self.event(most - 1)[...]]).first?.data.utf8.count == most - 1)
    let more = Self.event(most + 1)
    #expect(throws: SSEReader.TooLong()) { try Self.read([more[...]]) }
    #expect(throws: SSEReader.TooLong()) { try Self.read([more[..<700], more[700...]]) }
  }

  @Test func `an event of exactly the limit is read`() throws {
    #expect(throws: Never.self) { try Self.read([Self.event(SSEReader.eventBytesMax)[...]]) }
  }

  @Test(arguments: [3, 700, SSEReader.eventBytesMax / 2])
  func `splitting the bytes does not make an event too long`(_ cut: Int) throws {
    let bytes = Self.event(SSEReader.eventBytesMax - 1)
    #expect(throws: Never.self) { try Self.read([bytes[..<cut], bytes[cut...]]) }
  }

  @Test func `many short lines of one event have the same limit`() throws {
    let line = Array("data: x\n".utf8)
    let lines = (0..<SSEReader.eventBytesMax / 2).flatMap { _ in line }
    #expect(throws: Never.self) { try Self.read([lines[..<(lines.count / 2)]]) }
    #expect(throws: SSEReader.TooLong()) { try Self.read([(lines + line + line)[...]]) }
  }

  @Test(arguments: [": ", "other: ", "event: "])
  func `an ignored line is too long however it is split`(_ start: String) throws {
    for (count, isFine) in [(SSEReader.eventBytesMax + 16, true), (SSEReader.eventBytesMax + 17, false)] {
      let line = Array(start.utf8) + [UInt8](repeating: 0x78, count: count - start.utf8.count)
      let bytes = line + Array("\n\ndata: x\n\n".utf8)
      for pieces in [[bytes[...]], [bytes[..<9], bytes[9...]]] {
        if isFine {
          #expect(try Self.read(pieces).count == 1)
        } else {
          #expect(throws: SSEReader.TooLong()) { try Self.read(pieces) }
        }
      }
    }
  }

  @Test func `a line that never ends is an error at the limit`() throws {
    var reader = SSEReader()
    let piece = [UInt8](repeating: UInt8(ascii: ":"), count: SSEReader.eventBytesMax / 2)
    for _ in 0..<2 {
      var offset = 0
      #expect(try reader.next(in: piece.span, from: &offset) == false)
    }
    var offset = 0
    #expect(throws: SSEReader.TooLong()) { try reader.next(in: piece.span, from: &offset) }
  }
}
