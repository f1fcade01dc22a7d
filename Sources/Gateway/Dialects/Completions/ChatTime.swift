/// Reads `created`, a number of seconds.
enum ChatTime {
  /// Returns the part of a number before its fraction, because typed clients accept only integers. Returns `nil` for a
  /// value whose integer cannot be cut out, and for other values.
  static func seconds(_ value: JSONValue, _ json: Span<UInt8>) -> Slice? {
    guard value.kind == .number, value.slice.count > 0 else { return nil }
    let range = value.slice.range
    var end = range.lowerBound
    while end < range.upperBound, json[end] != UInt8(ascii: ".") { end += 1 }
    for index in end..<range.upperBound where json[index] | 0x20 == UInt8(ascii: "e") { return nil }
    return Slice(start: range.lowerBound, count: end - range.lowerBound)
  }
}
