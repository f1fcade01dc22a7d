/// A response read strictly: exactly one final head, a body framed as the head says, nothing behind it.
struct Received {
  var status = 0
  var fields: [String: String] = [:]
  var body: [UInt8] = []
  /// Whether the body has its end: all bytes of its length, or the last chunk.
  var isWhole = false
  var chunks: [Int] = []

  var text: String { String(decoding: body, as: UTF8.self) }

  /// The data of the body's events, in order; comments are not among them.
  var events: [String] {
    text.split(separator: "\n\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
  }

  /// Whether each event is one `data` line or one comment with an empty line behind it.
  var hasPlainEvents: Bool {
    if text.isEmpty { return true }
    guard text.hasSuffix("\n\n") else { return false }
    return text.dropLast(2).split(separator: "\n\n", omittingEmptySubsequences: false).allSatisfy { event in
      !event.contains("\n") && !event.contains("\r") && (event.hasPrefix("data: ") || event.hasPrefix(": "))
    }
  }

  /// The interim responses before the final head.
  static let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// The bytes after the interim heads.
  static func final(_ received: [UInt8]) -> [UInt8] {
    var bytes = received
    while bytes.starts(with: interim) { bytes.removeFirst(interim.count) }
    return bytes
  }

  init?(_ received: [UInt8]) {
    let bytes = Self.final(received)
    let blank = Array("\r\n\r\n".utf8)
    guard let end = bytes.firstRange(of: blank) else { return nil }
    var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    guard !lines.isEmpty else { return nil }
    let start = lines.removeFirst().split(separator: " ")
    guard start.count >= 2, start[0] == "HTTP/1.1", let status = Int(start[1]) else { return nil }
    self.status = status
    for line in lines {
      guard let colon = line.firstRange(of: ": "), !line.contains("\r"), !line.contains("\n") else { return nil }
      let name = String(line[..<colon.lowerBound])
      guard fields[name] == nil else { return nil }
      fields[name] = String(line[colon.upperBound...])
    }
    let rest = Array(bytes[end.upperBound...])
    if fields["transfer-encoding"] == "chunked" {
      guard fields["content-length"] == nil, readChunks(rest) else { return nil }
    } else if let length = fields["content-length"].flatMap(Int.init) {
      guard rest.count == length else { return nil }
      body = rest
      isWhole = true
    } else {
      body = rest
    }
  }

  private mutating func readChunks(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      if isWhole { return false }
      guard let line = rest.firstIndex(of: 0x0d), line + 1 < rest.endIndex, rest[line + 1] == 0x0a else {
        return false
      }
      let digits = String(decoding: rest[rest.startIndex..<line], as: UTF8.self)
      guard (1...8).contains(digits.utf8.count), let size = Int(digits, radix: 16) else { return false }
      rest = rest[(line + 2)...]
      guard rest.count >= size + 2 else { return false }
      body += rest.prefix(size)
      rest = rest.dropFirst(size)
      guard rest.starts(with: [0x0d, 0x0a]) else { return false }
      rest = rest.dropFirst(2)
      chunks.append(size)
      if size == 0 { isWhole = true }
    }
    return true
  }
}
