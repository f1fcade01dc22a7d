/// The log probabilities of tokens, as elements of a list: `{token, logprob, bytes, top_logprobs}`, which OpenAI's two APIs
/// and Ollama share.
///
/// Sources: OpenAI API reference, "The chat completion object" and "Streaming events" of Responses; Ollama API reference,
/// "Generate a chat message".
enum TokenLogprobs {
  /// The most bytes that wait for the text of their tokens.
  static let heldBytesMax = 1024 * 1024

  /// The most bytes of a token and of a number, and the most other tokens of each. More is left out.
  private static let tokenBytesMax = 1024
  private static let listBytesMax: UInt32 = 1024
  private static let numberBytesMax = 32
  private static let othersMax = 64

  /// Returns the elements of a list, without its brackets, unless it is longer than `limit` bytes. Members that are missing
  /// are added, because clients of Responses expect them all; elements that are no tokens are left out.
  static func elements(of list: JSONValue?, _ json: Span<UInt8>, limit: Int = heldBytesMax) -> [UInt8] {
    guard let list, list.kind == .array, Int(list.slice.count) <= limit else { return [] }
    var out: [UInt8] = []
    for element in JSONLists.elements(of: list, in: json) where out.count <= limit {
      let start = out.count
      if !out.isEmpty { out.append(",") }
      let fields = JSONLists.members(of: element, in: json)
      guard appendToken(fields, json, to: &out) else {
        out.removeSubrange(start...)
        continue
      }
      out.append(",\"top_logprobs\":[")
      for other in JSONLists.elements(of: fields.value("top_logprobs", in: json), in: json).prefix(othersMax) {
        let start = out.count
        Writer.separate(&out)
        guard appendToken(JSONLists.members(of: other, in: json), json, to: &out) else {
          out.removeSubrange(start...)
          continue
        }
        out.append("}")
      }
      out.append("]}")
    }
    return out
  }

  /// Appends the members of one token, whose object stays open, or returns false if it has none.
  private static func appendToken(_ fields: [Member], _ json: Span<UInt8>, to out: inout [UInt8]) -> Bool {
    guard let token = EscapedText(fields.value("token", in: json)), token.count <= tokenBytesMax,
      let logprob = fields.value("logprob", in: json), logprob.kind == .number,
      Int(logprob.slice.count) <= numberBytesMax
    else { return false }
    out.append("{\"token\":")
    token.appendQuoted(to: &out, from: json)
    out.append(",\"logprob\":")
    out.append(json.bytes(logprob.slice))
    // Written one by one: the provider's list may have line ends. A token may be a part of a character, whose bytes its text
    // cannot show.
    out.append(",\"bytes\":[")
    if let told = fields.value("bytes", in: json), told.kind == .array, told.elements <= listBytesMax {
      for byte in JSONLists.elements(of: told, in: json) {
        Writer.separate(&out)
        out.append(decimal: Int(clamping: min(max(byte.integer(in: json) ?? 0, 0), 255)))
      }
    } else {
      for byte in token.unescaped(in: json) {
        Writer.separate(&out)
        out.append(decimal: Int(clamping: byte))
      }
    }
    out.append("]")
    return true
  }

  /// Adds elements to those that wait for the text of their tokens, unless there are too many.
  static func hold(_ elements: [UInt8], in held: inout [UInt8]) {
    if held.count + elements.count <= heldBytesMax { add(elements, to: &held) }
  }

  /// Adds elements to a list.
  static func add(_ elements: [UInt8], to list: inout [UInt8]) {
    if !list.isEmpty, !elements.isEmpty { list.append(",") }
    list.append(contentsOf: elements)
  }
}
