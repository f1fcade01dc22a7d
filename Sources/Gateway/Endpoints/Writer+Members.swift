// Objects and arrays by closure, and members that may be absent: for documents with more structure than speed.

extension Writer {
  /// An object as JSON, with the members that `body` appends.
  static func document(_ body: (inout [UInt8]) -> Void) -> [UInt8] {
    var out: [UInt8] = []
    object(to: &out, body)
    return out
  }

  /// Appends an object, as a member if it has a name and as an element if not.
  static func object(_ name: StaticString? = nil, to out: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
    if let name { key(name, to: &out) } else { separate(&out) }
    append(raw: "{", to: &out)
    body(&out)
    append(raw: "}", to: &out)
  }

  /// Appends a member whose value is an array.
  static func array(_ name: StaticString, to out: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
    key(name, to: &out)
    append(raw: "[", to: &out)
    body(&out)
    append(raw: "]", to: &out)
  }

  /// Appends a member whose value is a string; nothing for `nil`.
  static func member(_ name: StaticString, ifAny text: String?, to out: inout [UInt8]) {
    if let text { member(name, text, to: &out) }
  }

  /// Appends a member whose value is an integer; nothing for `nil`.
  static func member(_ name: StaticString, ifAny number: Int?, to out: inout [UInt8]) {
    if let number { member(name, number, to: &out) }
  }

  /// Appends a member whose value is a number with at most three decimal places; nothing for `nil`, for infinities,
  /// and from 10¹⁵.
  static func member(_ name: StaticString, rounded number: Double?, to out: inout [UInt8]) {
    guard let number, number.isFinite, abs(number) < 1e15 else { return }
    key(name, to: &out)
    let thousandths = Int((number * 1000).rounded())
    if thousandths.isMultiple(of: 1000) {
      append(thousandths / 1000, to: &out)
    } else {
      append(Double(thousandths) / 1000, to: &out)
    }
  }
}
