/// Pictures in Ollama's messages: base64 without a type, which its server sees from the bytes.
enum OllamaImage {
  /// Base64 characters that tell a type; WebP needs them all.
  private static let headBytesMax = 16

  /// The picture in an element of `images`; `nil` when it is not the base64 of one of a known type.
  ///
  /// Some clients put a `data:` URL in its place, which is read as well.
  static func read(_ value: JSONValue, _ json: Span<UInt8>) -> Conversation.Image? {
    guard var base64 = EscapedText(value) else { return nil }
    // A slash may be spelled with a backslash, which no base64 has otherwise.
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

  /// Where the base64 begins and how long it is: behind the comma of a `data:` URL, or at once.
  private static func body(of text: EscapedText, in json: Span<UInt8>) -> (start: Int, count: Int) {
    let head = text.first(64, in: json)
    let count = text.length
    guard head.span.hasPrefix("data:", at: 0, before: head.count),
      let comma = head.firstIndex(of: UInt8(ascii: ","))
    else { return (0, count) }
    return (comma + 1, count - comma - 1)
  }

  /// The type of the picture whose base64 begins so.
  static func media(_ head: Span<UInt8>) -> String? {
    if head.hasPrefix("iVBORw0KGgo", at: 0, before: head.count) { return "image/png" }
    if head.hasPrefix("/9j/", at: 0, before: head.count) { return "image/jpeg" }
    if head.hasPrefix("R0lGOD", at: 0, before: head.count) { return "image/gif" }
    // RIFF, four bytes of any size, WEBP: of the third group of characters only the last is known.
    if head.hasPrefix("UklGR", at: 0, before: head.count), head.hasPrefix("XRUJQ", at: 11, before: head.count) {
      return "image/webp"
    }
    return nil
  }
}

extension EscapedText {
  /// Bytes, escapes as they are.
  fileprivate var length: Int {
    switch self {
    case .borrowed(let slice): Int(slice.count)
    case .owned(let bytes): bytes.count
    }
  }

  /// Its first bytes, as many as there are.
  fileprivate func first(_ most: Int, in json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    switch self {
    case .borrowed(let slice): out.append(json.bytes(slice).extracting(first: min(most, Int(slice.count))))
    case .owned(let bytes): out.append(contentsOf: bytes.prefix(most))
    }
    return out
  }

  /// It without its first bytes, which are no part of an escape.
  fileprivate func dropping(_ start: Int) -> EscapedText {
    switch self {
    case .borrowed(let slice): .borrowed(Slice(start: Int(slice.start) + start, count: Int(slice.count) - start))
    case .owned(let bytes): start == 0 ? self : .owned(Array(bytes.dropFirst(start)))
    }
  }
}
