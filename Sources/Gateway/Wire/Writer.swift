/// Appends JSON (RFC 8259) to an array of bytes.
///
/// `key` and `separate` add a comma unless an object or array was just opened.
public enum Writer {
  /// Appends a string with its quotes.
  public static func append(_ text: String, to out: inout [UInt8]) {
    var text = text
    text.makeContiguousUTF8()
    append(string: text.utf8.span, to: &out)
  }

  /// Returns a string as JSON, with its quotes.
  public static func string(_ text: String) -> [UInt8] {
    var out: [UInt8] = []
    append(text, to: &out)
    return out
  }

  /// Appends bytes of text as a string with its quotes. Malformed UTF-8 becomes U+FFFD.
  public static func append(string text: Span<UInt8>, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    appendEscaped(text, to: &out)
    out.append(UInt8(ascii: "\""))
  }

  /// Appends bytes of text as the inside of a string, without quotes. Malformed UTF-8 becomes U+FFFD.
  ///
  /// The result has at most six times as many bytes as `text`.
  public static func appendEscaped(_ text: Span<UInt8>, to out: inout [UInt8]) {
    var copied = 0
    var at = 0
    while true {
      at = Search.endOfPlainText(in: text, from: at)
      guard at < text.count else { break }
      let byte = text[at]
      var length = 1
      if byte >= 0x80 {
        length = text.sequenceLength(at: at)
        if length > 0 {
          at += length
          continue
        }
        length = -length
      }
      out.append(text.extracting(copied..<at))
      switch byte {
      case UInt8(ascii: "\""): out.append("\\\"")
      case UInt8(ascii: "\\"): out.append("\\\\")
      case 0x08: out.append("\\b")
      case 0x09: out.append("\\t")
      case 0x0a: out.append("\\n")
      case 0x0c: out.append("\\f")
      case 0x0d: out.append("\\r")
      case 0..<0x20:
        out.append("\\u00")
        out.append(UInt8(ascii: "0") + byte >> 4)
        out.append(byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") + byte & 15 - 10)
      default: out.append("\u{fffd}" as StaticString)
      }
      at += length
      copied = at
    }
    out.append(text.extracting(copied..<at))
  }

  /// Appends an integer.
  public static func append(_ number: Int, to out: inout [UInt8]) { out.append(decimal: number) }

  /// Appends a number that parses back to the same value. A number that JSON cannot express becomes `null`.
  public static func append(_ number: Double, to out: inout [UInt8]) {
    out.append(number.isFinite ? number.description : "null")
  }

  /// Appends `true` or `false`.
  public static func append(_ isTrue: Bool, to out: inout [UInt8]) {
    if isTrue { out.append("true" as StaticString) } else { out.append("false" as StaticString) }
  }

  /// Appends a literal unchanged, as in `{` or `null`.
  public static func append(raw json: StaticString, to out: inout [UInt8]) { out.append(json) }

  /// Appends a comma if needed, a key, and its colon. The key must need no escaping. A value follows.
  public static func key(_ name: StaticString, to out: inout [UInt8]) {
    separate(&out)
    out.append(UInt8(ascii: "\""))
    out.append(name)
    out.append("\":")
  }

  /// Appends a comma unless an object or array was just opened.
  public static func separate(_ out: inout [UInt8]) {
    guard !out.isEmpty else { return }
    switch out[out.count - 1] {
    case UInt8(ascii: "{"), UInt8(ascii: "["): break
    default: out.append(UInt8(ascii: ","))
    }
  }
}

extension Writer {
  /// Appends a member whose value is a string.
  public static func member(_ name: StaticString, _ text: String, to out: inout [UInt8]) {
    key(name, to: &out)
    append(text, to: &out)
  }

  /// Appends a member whose value is an integer.
  public static func member(_ name: StaticString, _ number: Int, to out: inout [UInt8]) {
    key(name, to: &out)
    append(number, to: &out)
  }

  /// Appends a member whose value is `true` or `false`.
  public static func member(_ name: StaticString, _ isTrue: Bool, to out: inout [UInt8]) {
    key(name, to: &out)
    append(isTrue, to: &out)
  }

  /// Appends a member whose value is a list of strings.
  public static func member(_ name: StaticString, _ texts: [String], to out: inout [UInt8]) {
    key(name, to: &out)
    out.append("[")
    for text in texts {
      separate(&out)
      append(text, to: &out)
    }
    out.append("]")
  }

  /// Appends a member whose value is the given JSON.
  public static func member(_ name: StaticString, raw json: Span<UInt8>, to out: inout [UInt8]) {
    key(name, to: &out)
    out.append(json)
  }
}
