/// Writes JSON, member after member.
public struct JSONWriter {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func object(_ name: String? = nil, _ body: (inout JSONWriter) -> Void) {
    wrap(name, "{", "}", body)
  }
  public mutating func array(_ name: String? = nil, _ body: (inout JSONWriter) -> Void) {
    wrap(name, "[", "]", body)
  }

  public mutating func member(_ name: String?, _ text: String?) {
    guard let text else { return }
    key(name)
    quote(text)
  }

  public mutating func member(_ name: String?, _ number: Int?) {
    guard let number else { return }
    key(name)
    bytes.append(contentsOf: String(number).utf8)
  }

  /// With at most three digits behind the point.
  public mutating func member(_ name: String?, _ number: Double?) {
    guard let number, number.isFinite, abs(number) < 1e15 else { return }
    key(name)
    let thousandths = Int((number * 1000).rounded())
    bytes.append(
      contentsOf: (thousandths % 1000 == 0 ? String(thousandths / 1000) : String(Double(thousandths) / 1000)).utf8)
  }

  public mutating func member(_ name: String?, _ truth: Bool?) {
    guard let truth else { return }
    key(name)
    bytes.append(contentsOf: (truth ? "true" : "false").utf8)
  }

  public mutating func null(_ name: String?) {
    key(name)
    bytes.append(contentsOf: "null".utf8)
  }

  public mutating func list(_ name: String, _ texts: [String]) {
    array(name) { out in for text in texts { out.member(nil, text) } }
  }

  private mutating func wrap(
    _ name: String?, _ open: Character, _ end: Character, _ body: (inout JSONWriter) -> Void
  ) {
    key(name)
    bytes.append(contentsOf: open.utf8)
    body(&self)
    bytes.append(contentsOf: end.utf8)
  }

  private mutating func key(_ name: String?) {
    switch bytes.last {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), nil: break
    default: bytes.append(UInt8(ascii: ","))
    }
    guard let name else { return }
    // Ours, and plain.
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      bytes.append(contentsOf: text.utf8)
    } else {
      for byte in text.utf8 { escape(byte) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
    case 0..<0x20: bytes.append(contentsOf: "\\u00\(Hex.text(byte, digits: 2))".utf8)
    default: bytes.append(byte)
    }
  }
}
