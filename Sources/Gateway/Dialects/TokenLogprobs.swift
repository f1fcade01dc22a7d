/// The log probabilities of tokens, as elements of a list: `{token, logprob, bytes, top_logprobs}`, which OpenAI's two APIs
/// and Ollama share.
///
/// Sources: OpenAI API reference, "The chat completion object" and "Streaming events" of Responses; Ollama API reference,
/// "Generate a chat message".
enum TokenLogprobs {
  /// The most bytes that wait for the text of their tokens.
  static let heldBytesMax = 1024 * 1024

  /// Returns the elements of a list, without its brackets. Members that are missing are added, because clients of
  /// Responses expect them all; elements that are no tokens are left out.
  static func elements(of list: JSONValue?, _ json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    for element in JSONLists.elements(of: list, in: json) {
      let start = out.count
      if !out.isEmpty { out.append(",") }
      let fields = JSONLists.members(of: element, in: json)
      guard appendToken(fields, json, to: &out) else {
        out.removeSubrange(start...)
        continue
      }
      out.append(",\"top_logprobs\":[")
      for other in JSONLists.elements(of: fields.value("top_logprobs", in: json), in: json) {
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
    guard let token = EscapedText(fields.value("token", in: json)),
      let logprob = fields.value("logprob", in: json), logprob.kind == .number
    else { return false }
    out.append("{\"token\":")
    token.appendQuoted(to: &out, from: json)
    out.append(",\"logprob\":")
    out.append(json.bytes(logprob.slice))
    out.append(",\"bytes\":")
    if let bytes = fields.value("bytes", in: json), JSONLists.isListOfNumbers(bytes, in: json) {
      out.append(json.bytes(bytes.slice))
    } else {
      out.append("[")
      for byte in token.unescaped(in: json) {
        Writer.separate(&out)
        out.append(decimal: Int(clamping: byte))
      }
      out.append("]")
    }
    return true
  }

  /// Adds elements to a list.
  static func add(_ elements: [UInt8], to list: inout [UInt8]) {
    if !list.isEmpty, !elements.isEmpty { list.append(",") }
    list.append(contentsOf: elements)
  }
}
