import Foundation

/// One HTTP/1.1 response as a test reads it.
public struct HTTPMessage {
  public var status = 0
  public var fields: [(name: String, value: String)] = []
  public var body: [UInt8] = []
  /// Whether the body is complete according to its framing.
  public var isComplete = false
  /// Whether the body ends with the connection.
  public var isDelimitedByClose = false

  public var text: String { String(decoding: body, as: UTF8.self) }

  public func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  /// The data of each server-sent event, without comments.
  public var events: [String] {
    text.split(separator: "\n\n", omittingEmptySubsequences: true).compactMap { event in
      event.hasPrefix("data: ") ? String(event.dropFirst(6)) : nil
    }
  }

  /// Parses consecutive responses, including informational ones.
  public static func all(in bytes: [UInt8], ended: Bool, head: Bool = false) -> [HTTPMessage] {
    var messages: [HTTPMessage] = []
    var rest = bytes[...]
    while let message = take(&rest, ended, head) {
      messages.append(message)
      if !message.isComplete { break }
    }
    return messages
  }

  private static func take(_ rest: inout ArraySlice<UInt8>, _ ended: Bool, _ head: Bool) -> HTTPMessage? {
    guard let end = find([13, 10, 13, 10], in: rest) else { return nil }
    var message = HTTPMessage()
    let lines = String(decoding: rest[rest.startIndex..<end], as: UTF8.self).components(separatedBy: "\r\n")
    message.status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      message.fields.append(
        (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)))
    }
    rest = rest[(end + 4)...]
    if head || message.status == 204 || message.status == 304 || message.status / 100 == 1 {
      message.isComplete = true
    } else if message.field("transfer-encoding") == "chunked" {
      takeChunks(&message, &rest)
    } else if let length = message.field("content-length").flatMap({ Int($0) }) {
      message.body = Array(rest.prefix(length))
      rest = rest.dropFirst(length)
      message.isComplete = message.body.count == length
    } else {
      message.body = Array(rest)
      message.isComplete = ended
      message.isDelimitedByClose = true
      rest = rest.suffix(0)
    }
    return message
  }

  private static func takeChunks(_ message: inout HTTPMessage, _ rest: inout ArraySlice<UInt8>) {
    while let end = find([13, 10], in: rest) {
      guard let size = Int(String(decoding: rest[rest.startIndex..<end], as: UTF8.self), radix: 16) else { return }
      let start = end + 2
      guard rest.endIndex - start >= size + 2 else { return }
      message.body += rest[start..<start + size]
      rest = rest[(start + size + 2)...]
      if size == 0 {
        message.isComplete = true
        return
      }
    }
  }

  static func find(_ needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= needle.count else { return nil }
    return (bytes.startIndex...bytes.endIndex - needle.count).first {
      bytes[$0] == needle[0] && bytes[$0...].starts(with: needle)
    }
  }
}
