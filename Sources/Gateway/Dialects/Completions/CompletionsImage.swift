/// Reads images in chat completion requests and answers, where they are URLs or data URLs.
enum CompletionsImage {
  /// The reason why there is no image, as the end of a sentence.
  struct Fault: Error {
    var rule: String
  }

  /// Reads an image from an object with a `url`, or from the URL itself, which Mistral and others accept.
  static func read(_ value: JSONValue?, _ json: Span<UInt8>) throws(Fault) -> Conversation.Media {
    let url = value?.kind == .string ? value : JSONLists.members(of: value, in: json).value("url", in: json)
    guard let url, let text = EscapedText(url) else { throw Fault(rule: "has an image without a URL") }
    if url.hasEscapes {
      var bytes: [UInt8] = []
      url.append(to: &bytes, from: json)
      return try image(text, bytes.span, start: nil)
    }
    let start = Int(url.slice.start) + 1
    return try image(text, json.extracting(start..<url.end - 1), start: start)
  }

  /// Returns the image of a URL. `start` is the position of the URL's bytes in the text that it borrows from, or `nil`
  /// if the bytes are a copy.
  private static func image(
    _ text: EscapedText, _ url: Span<UInt8>, start: Int?
  ) throws(Fault) -> Conversation.Media {
    if Conversation.Media.isWeb(url) { return .url(text) }
    guard url.hasPrefix("data:", at: 0, before: url.count),
      let comma = Search.firstIndex(of: UInt8(ascii: ","), in: url, from: 5)
    else { throw Fault(rule: "has an image that is neither a URL nor base64 data") }
    guard comma >= 12, url.hasPrefix(";base64", at: comma - 7, before: comma) else {
      throw Fault(rule: "has an image whose data are not base64")
    }
    // Parameters of the media type, as in `image/png;name=a.png`, mean nothing to a model.
    let semicolon = Search.index(of: UInt8(ascii: ";"), in: url, from: 5)
    if semicolon == 5 { throw Fault(rule: "has an image whose data have no type") }
    return .data(
      media: slice(5..<semicolon, of: url, at: start), base64: slice(comma + 1..<url.count, of: url, at: start))
  }

  /// Returns a part of a URL, borrowed if possible because images are large.
  private static func slice(_ range: Range<Int>, of url: Span<UInt8>, at start: Int?) -> EscapedText {
    guard let start else { return EscapedText(escaping: url.extracting(range)) }
    return .borrowed(Slice(start: start + range.lowerBound, count: range.count))
  }

  /// Appends the URL of an image without quotes.
  static func append(_ image: Conversation.Media, _ json: Span<UInt8>, to out: inout [UInt8]) throws(APIError) {
    switch image {
    case .url(let url):
      let text = url.unescaped(in: json)
      guard Conversation.Media.isWeb(text.span) else {
        throw apiError(
          "Send an image as base64 data or by a URL that begins with https:// for this model's provider.")
      }
      url.append(to: &out, from: json)
    case .data(let media, let base64):
      let type = media.unescaped(in: json)
      guard !type.isEmpty, type.allSatisfy(isOfType) else {
        throw apiError("Name the type of an image's data, as in `image/png`.")
      }
      out.append("data:")
      out += type
      out.append(";base64,")
      base64.append(to: &out, from: json)
    }
  }

  /// Returns whether a byte may be part of a media type, so that it does not end the type in a URL.
  private static func isOfType(_ byte: UInt8) -> Bool {
    byte.isAlphanumeric || "/+-._".utf8.contains(byte)
  }

  private static func apiError(_ message: String) -> APIError {
    APIError(400, .invalidValue, message, param: "messages")
  }
}
