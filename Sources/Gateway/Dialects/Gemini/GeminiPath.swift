/// Writes the part of a path after `models/`. Source: Gemini API reference, "Generating content".
enum GeminiPath {
  /// Returns the path of a model's `generateContent`, or of the method that streams.
  static func of(_ model: String, streams: Bool) -> String {
    escaped(model) + (streams ? ":streamGenerateContent?alt=sse" : ":generateContent")
  }

  static func embed(_ model: String) -> String { escaped(model) + ":embedContent" }
  static func batchEmbed(_ model: String) -> String { escaped(model) + ":batchEmbedContents" }

  private static func escaped(_ model: String) -> String {
    var path = ""
    // Names come from callers, so every character with a meaning in a path is escaped.
    for byte in model.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "@"):
        path.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        path += byte < 16 ? "%0" + digits : "%" + digits
      }
    }
    return path
  }
}
