import Glibc

/// A complete request to the mock.
struct MockRequest {
  enum Target { case chat, models, stats, unknown }

  enum Reading {
    /// The request is incomplete below this number of bytes.
    case incomplete(needed: Int)
    case refused(String)
    case complete(MockRequest, bytes: Int)
  }

  private static let headBytesMax = 65_536
  /// The distance from either end of the body within which members are searched, so that a long prompt is skipped.
  private static let reach = 1024

  private(set) var target: Target
  private(set) var orders = Orders()
  private(set) var streams = false
  private(set) var wantsUsage = false

  static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
    guard let end = bytes.position(of: "\r\n\r\n") else {
      return bytes.count > headBytesMax ? .refused("431 Head Too Large") : .incomplete(needed: bytes.count + 1)
    }
    let headCount = end + 4
    let head = UnsafeRawBufferPointer(rebasing: bytes[..<headCount])
    guard let length = contentLength(head) else { return .refused("411 Length Required") }
    guard bytes.count >= headCount + length else { return .incomplete(needed: headCount + length) }
    var request = MockRequest(target: target(head))
    if request.target == .chat {
      request.look(into: UnsafeRawBufferPointer(rebasing: bytes[headCount..<(headCount + length)]))
    }
    return .complete(request, bytes: headCount + length)
  }

  private static func target(_ head: UnsafeRawBufferPointer) -> Target {
    func begins(_ text: StaticString) -> Bool {
      head.count > text.utf8CodeUnitCount && memcmp(head.baseAddress!, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
    if begins("POST /v1/chat/completions ") { return .chat }
    if begins("GET /v1/models ") { return .models }
    if begins("GET /stats ") { return .stats }
    return .unknown
  }

  /// Returns the content length, 0 if there is none, or `nil` if the body has another framing.
  private static func contentLength(_ head: UnsafeRawBufferPointer) -> Int? {
    var place = 0
    let base = head.baseAddress!
    while place < head.count, let end = memchr(base + place, 10, head.count - place) {
      let line = (base + place).assumingMemoryBound(to: CChar.self)
      let count = UnsafeRawPointer(end) - (base + place)
      if count > 15, strncasecmp(line, "content-length:", 15) == 0 { return atol(line + 15) }
      if count > 18, strncasecmp(line, "transfer-encoding:", 18) == 0 { return nil }
      place += count + 1
    }
    return 0
  }

  private mutating func look(into body: UnsafeRawBufferPointer) {
    orders = Orders(in: body)
    streams = Self.isTrue("\"stream\"", in: body)
    wantsUsage = streams && Self.isTrue("\"include_usage\"", in: body)
  }

  private static func isTrue(_ name: StaticString, in body: UnsafeRawBufferPointer) -> Bool {
    let first = UnsafeRawBufferPointer(rebasing: body[..<min(body.count, reach)])
    if let found = value(name, in: first) { return found }
    guard body.count > reach else { return false }
    return value(name, in: UnsafeRawBufferPointer(rebasing: body[max(reach, body.count - reach)...])) ?? false
  }

  private static func value(_ name: StaticString, in bytes: UnsafeRawBufferPointer) -> Bool? {
    guard let found = bytes.position(of: name) else { return nil }
    var place = found + name.utf8CodeUnitCount
    while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x3a { place += 1 }
    return bytes.count - place >= 4 && memcmp(bytes.baseAddress! + place, "true", 4) == 0
  }
}
