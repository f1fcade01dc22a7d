/// Reads images in Ollama's messages: base64 without a media type, which the bytes reveal.
enum OllamaImage {
  /// The number of base64 characters that reveal the media type. WebP needs all of them.
  private static let headBytesMax = 16

  /// Returns the image in an element of `images`, or `nil` if it is not base64 of a known media type.
  ///
  /// Also accepts a `data:` URL, which some clients send.
  static func read(_ value: JSONValue, _ json: Span<UInt8>) -> Conversation.Media? {
    guard var base64 = EscapedText(value) else { return nil }
    // JSON may escape a slash with a backslash; base64 has no other escapes.
    if value.hasEscapes {
      var text: [UInt8] = []
      value.append(to: &text, from: json)
      base64 = EscapedText(escaping: text.span)
    }
    let (start, count) = body(of: base64, in: json)
    base64 = base64.dropping(start)
    let head = base64.first(min(headBytesMax, count), in: json)
    guard let media = media(head.span) else { return nil }
    return .data(media: EscapedText(media), base64: base64)
  }

  /// Returns the position and length of the base64, which starts after the comma of a `data:` URL.
  private static func body(of text: EscapedText, in json: Span<UInt8>) -> (start: Int, count: Int) {
    let head = text.first(64, in: json)
    let count = text.length
    guard head.span.hasPrefix("data:", at: 0, before: head.count),
      let comma = head.firstIndex(of: UInt8(ascii: ","))
    else { return (0, count) }
    return (comma + 1, count - comma - 1)
  }

  /// Returns the media type of an image by the start of its base64, or `nil` if it is unknown.
  static func media(_ head: Span<UInt8>) -> String? {
    if head.hasPrefix("iVBORw0KGgo", at: 0, before: head.count) { return "image/png" }
    if head.hasPrefix("/9j/", at: 0, before: head.count) { return "image/jpeg" }
    if head.hasPrefix("R0lGOD", at: 0, before: head.count) { return "image/gif" }
    // RIFF, a size of 4 bytes, WEBP. The size hides all but the last character of the third group.
    if head.hasPrefix("UklGR", at: 0, before: head.count), head.hasPrefix("XRUJQ", at: 11, before: head.count) {
      return "image/webp"
    }
    return nil
  }
}

extension EscapedText {
  /// The number of bytes, with escapes.
  fileprivate var length: Int {
    switch self {
    case .borrowed(let slice): Int(slice.count)
    case .owned(let bytes): bytes.count
    }
  }

  /// Returns at most the first `most` bytes.
  fileprivate func first(_ limit: Int, in json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    switch self {
    case .borrowed(let slice): out.append(json.bytes(slice).extracting(first: min(limit, Int(slice.count))))
    case .owned(let bytes): out.append(contentsOf: bytes.prefix(limit))
    }
    return out
  }

  /// Returns the text without its first bytes, which do not divide an escape.
  fileprivate func dropping(_ start: Int) -> EscapedText {
    switch self {
    case .borrowed(let slice): .borrowed(Slice(start: Int(slice.start) + start, count: Int(slice.count) - start))
    case .owned(let bytes): start == 0 ? self : .owned(Array(bytes.dropFirst(start)))
    }
  }
}
