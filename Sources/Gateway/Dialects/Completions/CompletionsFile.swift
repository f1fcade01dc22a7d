/// Reads and writes the files in messages of chat completions: documents as data URLs, and recordings.
///
/// Source: OpenAI API reference, "Create chat completion", content parts `file` and `input_audio`.
enum CompletionsFile {
  /// Reads a part, or returns `nil` if it is no file.
  static func read(
    _ type: JSONValue, _ part: [Member], _ json: Span<UInt8>, at index: Int
  ) throws(APIError) -> Conversation.Part? {
    if type.equals("input_audio", in: json) {
      let audio = JSONLists.members(of: part.value("input_audio", in: json), in: json)
      guard let part = recording(audio, json) else {
        throw CompletionsTurns.apiError(index, "content", "has audio without `data` and `format`")
      }
      return part
    }
    guard type.equals("file", in: json) else { return nil }
    let file = JSONLists.members(of: part.value("file", in: json), in: json)
    guard let part = document(file, json) else {
      throw CompletionsTurns.apiError(
        index, "content",
        "has a file without data; hoosh stores no files, so send `file_data` in place of `file_id`")
    }
    return part
  }

  /// Returns a recording from its `data` and `format`, or `nil` if they are missing.
  static func recording(_ audio: [Member], _ json: Span<UInt8>) -> Conversation.Part? {
    guard let data = EscapedText(audio.value("data", in: json)), !data.isEmpty,
      let format = EscapedText(audio.value("format", in: json))?.unescaped(in: json), !format.isEmpty,
      format.allSatisfy(\.isAlphanumeric)
    else { return nil }
    return .file(.data(media: .owned(Array("audio/".utf8) + format), base64: data), name: nil)
  }

  /// Returns a document, or an image sent as one, from its `file_data` and `filename`; `nil` if there are no data.
  static func document(_ file: [Member], _ json: Span<UInt8>) -> Conversation.Part? {
    do throws(CompletionsImage.Fault) {
      let media = try CompletionsImage.read(file.value("file_data", in: json), json)
      if case .data(let type, _) = media, type.unescaped(in: json).starts(with: "image/".utf8) {
        return .image(media)
      }
      return .file(media, name: EscapedText(file.value("filename", in: json)))
    } catch {
      return nil
    }
  }

  /// Appends a part.
  static func append(
    _ media: Conversation.Media, name: EscapedText?, _ json: Span<UInt8>, to out: inout [UInt8]
  ) throws(APIError) {
    if case .data(let type, let base64) = media, let format = format(ofAudio: type.unescaped(in: json)) {
      out.append("{\"type\":\"input_audio\",\"input_audio\":{\"data\":")
      base64.appendQuoted(to: &out, from: json)
      Writer.member("format", format, to: &out)
      out.append("}}")
      return
    }
    out.append("{\"type\":\"file\",\"file\":{\"filename\":")
    // The name is required.
    (name ?? EscapedText("file.pdf")).appendQuoted(to: &out, from: json)
    out.append(",\"file_data\":\"")
    try CompletionsImage.append(media, json, to: &out)
    out.append("\"}}")
  }

  /// Returns the format of a recording by its media type; `nil` for other types.
  private static func format(ofAudio type: [UInt8]) -> String? {
    switch String(decoding: type, as: UTF8.self).lowercased() {
    case "audio/wav", "audio/x-wav", "audio/wave": "wav"
    case "audio/mp3", "audio/mpeg": "mp3"
    case let type where type.hasPrefix("audio/"): String(type.dropFirst(6))
    default: nil
    }
  }
}
