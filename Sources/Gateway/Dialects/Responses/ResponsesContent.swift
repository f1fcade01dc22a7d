// Reads the content of messages and tool results: a text, or parts.

extension ResponsesInputReader {
  /// Reads content. Empty texts are omitted.
  mutating func content(
    _ value: JSONValue?, at path: String, _ json: Span<UInt8>
  ) throws(APIError) -> [Conversation.Part] {
    guard let value, value.kind != .null else { return [] }
    if let text = EscapedText(value) { return text.isEmpty ? [] : [.text(text)] }
    guard value.kind == .array else {
      throw .invalid(path, "must be a text or an array of parts")
    }
    var parts: [Conversation.Part] = []
    for (index, element) in JSONLists.elements(of: value, in: json).enumerated() {
      if let part = try part(element, at: "\(path)[\(index)]", json) { parts.append(part) }
    }
    return parts
  }

  private mutating func part(
    _ element: JSONValue, at path: String, _ json: Span<UInt8>
  ) throws(APIError) -> Conversation.Part? {
    let part = JSONLists.members(of: element, in: json)
    guard let type = part.value("type", in: json) else {
      throw .invalid("\(path).type", "must be a text, as in input_text")
    }
    if type.equals("input_text", in: json) || type.equals("output_text", in: json) || type.equals("text", in: json)
    {
      return try text(part.value("text", in: json), at: "\(path).text")
    }
    if type.equals("refusal", in: json) {
      return try text(part.value("refusal", in: json), at: "\(path).refusal")
    }
    if type.equals("input_image", in: json) { return .image(try image(part, at: path, json)) }
    if type.equals("input_file", in: json) {
      if let url = EscapedText(part.value("file_url", in: json)) { return .file(.url(url), name: nil) }
      if let document = CompletionsFile.document(part, json) { return document }
      throw .invalid(
        path, "is a file without `file_data`; hoosh stores no files, so `file_id` is not supported")
    }
    if type.equals("input_audio", in: json) {
      let audio = JSONLists.members(of: part.value("input_audio", in: json), in: json)
      if let recording = CompletionsFile.recording(audio, json) { return recording }
      throw .invalid(path, "is audio without `data` and `format`")
    }
    throw .invalid(
      path, "must have the type input_text, output_text, refusal or input_image")
  }

  private func text(_ value: JSONValue?, at path: String) throws(APIError) -> Conversation.Part? {
    guard let text = EscapedText(value) else { throw .invalid(path, "must be a text") }
    return text.isEmpty ? nil : .text(text)
  }

  // MARK: Images

  private mutating func image(
    _ part: [Member], at path: String, _ json: Span<UInt8>
  ) throws(APIError) -> Conversation.Media {
    let path = "\(path).image_url"
    if let detail = part.value("detail", in: json), detail.kind != .null, !detail.equals("auto", in: json) {
      conversation.drop("input_image.detail")
    }
    guard let url = part.value("image_url", in: json), url.kind == .string else {
      throw .invalid(
        path, "must be a URL or a data URL; hoosh stores no files, so `file_id` is not supported")
    }
    let image: Conversation.Media?
    if url.hasEscapes {
      var text: [UInt8] = []
      url.append(to: &text, from: json)
      image = Self.image(text.span, 0..<text.count) { range in EscapedText(escaping: text.span.extracting(range)) }
    } else {
      image = Self.image(json, (Int(url.slice.start) + 1)..<(url.end - 1)) { range in .borrowed(Slice(range)) }
    }
    guard let image else {
      throw .invalid(
        path, "must begin with https://, or be data as in `data:image/png;base64,...`")
    }
    return image
  }

  /// Returns the image of the URL at `range`, or `nil` if it is not an image URL.
  private static func image(
    _ text: Span<UInt8>, _ range: Range<Int>, _ part: (Range<Int>) -> EscapedText
  ) -> Conversation.Media? {
    let (start, end) = (range.lowerBound, range.upperBound)
    if Conversation.Media.isWeb(text.extracting(range)) { return .url(part(range)) }
    guard text.hasPrefix("data:", at: start, before: end),
      let comma = Search.firstIndex(of: UInt8(ascii: ","), in: text, from: start), comma < end,
      text.hasPrefix(";base64", at: comma - 7, before: comma)
    else { return nil }
    // Parameters may be between the media type and `base64`.
    let semicolon = Search.firstIndex(of: UInt8(ascii: ";"), in: text, from: start) ?? comma
    guard semicolon > start + 5 else { return nil }
    return .data(media: part((start + 5)..<semicolon), base64: part((comma + 1)..<end))
  }
}
