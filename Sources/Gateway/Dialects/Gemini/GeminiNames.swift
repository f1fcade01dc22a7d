// Google's JSON is protocol buffers' JSON: a field's name may be that of JSON (`topP`) or that of the protocol
// (`top_p`). Source: Protocol Buffers documentation, "ProtoJSON Format", "Field names as JSON keys".

extension Member {
  /// Returns whether the key has this name in either spelling.
  func isNamed(_ camel: StaticString, or snake: StaticString, in json: Span<UInt8>) -> Bool {
    keyEquals(camel, in: json) || keyEquals(snake, in: json)
  }
}

extension [Member] {
  /// Returns the value of the named member in either spelling, or `nil`.
  func value(_ camel: StaticString, or snake: StaticString, in json: Span<UInt8>) -> JSONValue? {
    value(camel, in: json) ?? value(snake, in: json)
  }

  /// Returns the members that are not null, which means that a field is not set.
  func set() -> [Member] { filter { $0.value.kind != .null } }
}

/// The path of a field, for error messages.
enum GeminiFieldPath {
  case field(String)
  case part(turn: Int?, index: Int, field: String)

  /// The path as callers write it.
  var path: String {
    switch self {
    case .field(let name): name
    case .part(let turn?, let index, let field): "contents[\(turn)].parts[\(index)]\(field)"
    case .part(nil, let index, let field): "systemInstruction.parts[\(index)]\(field)"
    }
  }

  /// Returns the error for the field. `rule` continues the sentence after the path.
  func apiError(_ rule: String, _ code: APIError.Code = .invalidValue) -> APIError {
    APIError(400, code, "`\(path)` \(rule).", param: path)
  }
}

/// Checks signatures, which are bytes in base64. Google's servers reject other text, and its clients fail on it.
enum GeminiSignature {
  /// The placeholder for the signature of a tool call by another vendor's model.
  ///
  /// Source: Gemini API documentation, "Thought signatures".
  static let foreign: StaticString = "skip_thought_signature_validator"

  /// Returns whether a text is base64 (RFC 4648 sections 4 and 5), with or without padding, and not empty.
  static func isValid(_ text: Span<UInt8>) -> Bool {
    var end = text.count
    var padding = 0
    while end > 0, padding < 2, text[end - 1] == UInt8(ascii: "=") {
      end -= 1
      padding += 1
    }
    guard end > 0, end % 4 != 1, padding == 0 || (end + padding) % 4 == 0 else { return false }
    var last: UInt8 = 0
    for index in 0..<end {
      guard let value = value(text[index]) else { return false }
      last = value
    }
    // Bits after the last byte must be zero.
    switch end % 4 {
    case 2: return last & 15 == 0
    case 3: return last & 3 == 0
    default: return true
    }
  }

  private static func value(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}

/// Reads bytes in a client's JSON. Google's clients use the URL-safe alphabet (RFC 4648 section 5). All other servers,
/// and Google's own answers, use the standard one (section 4).
enum GeminiBytes {
  /// Returns the inside of a base64 string in the standard alphabet, or `nil` if the value is not a string.
  static func standard(_ value: JSONValue?, _ json: Span<UInt8>) -> EscapedText? {
    guard let value, let text = EscapedText(value) else { return nil }
    if !value.slice.range.contains(where: { isURLSafe(json[$0]) }) { return text }
    guard var bytes = value.unescaped(in: json) else { return nil }
    for index in bytes.indices where isURLSafe(bytes[index]) {
      bytes[index] = bytes[index] == UInt8(ascii: "-") ? UInt8(ascii: "+") : UInt8(ascii: "/")
    }
    return EscapedText(escaping: bytes.span)
  }

  private static func isURLSafe(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") }
}

extension JSONValue {
  /// Returns the unescaped bytes of a string, or `nil` for every other value.
  func unescaped(in json: Span<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    return append(to: &out, from: json) ? out : nil
  }
}

/// Removes white space between JSON tokens, because a line feed would end an event.
enum CompactJSON {
  /// Appends valid JSON.
  static func append(_ json: Span<UInt8>, to out: inout [UInt8]) {
    var isString = false
    var index = 0
    while index < json.count {
      let byte = json[index]
      index += 1
      if isString {
        out.append(byte)
        if byte == UInt8(ascii: "\\"), index < json.count {
          out.append(json[index])
          index += 1
        } else if byte == UInt8(ascii: "\"") {
          isString = false
        }
      } else if byte > 0x20 {
        out.append(byte)
        isString = byte == UInt8(ascii: "\"")
      }
    }
  }

  /// Returns the object inside an escaped string without white space, or `nil` if there is none.
  static func object(in text: [UInt8]) -> [UInt8]? {
    let json = EscapedText.owned(text).unescaped(in: text.span)
    guard JSONLists.isObject(json.span) else { return nil }
    var out: [UInt8] = []
    append(json.span, to: &out)
    return out
  }
}
