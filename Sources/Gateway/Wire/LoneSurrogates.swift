/// Replaces halves of surrogate pairs in JSON text, which programs produce that cut texts, and which strict providers
/// reject (RFC 8259, section 8.2).
enum LoneSurrogates {
  /// Replaces each escape that is half of a pair by the escape of U+FFFD, which has the same length.
  static func mend(_ json: inout [UInt8]) {
    var at = 0
    while let escape = next(in: json.span, from: at) {
      json[escape + 2] = UInt8(ascii: "f")
      json[escape + 3] = UInt8(ascii: "f")
      json[escape + 4] = UInt8(ascii: "f")
      json[escape + 5] = UInt8(ascii: "d")
      at = escape + 6
    }
  }

  /// Returns the offset of the next lone half, or `nil`.
  private static func next(in json: Span<UInt8>, from start: Int) -> Int? {
    var at = start
    while let escape = Search.firstIndex(of: UInt8(ascii: "\\"), in: json, from: at) {
      at = escape + 2
      guard let unit = unit(in: json, at: escape) else { continue }
      at = escape + 6
      guard unit & 0xf800 == 0xd800 else { continue }
      if unit < 0xdc00, let low = self.unit(in: json, at: at), low & 0xfc00 == 0xdc00 {
        at += 6
        continue
      }
      return escape
    }
    return nil
  }

  /// Returns the code unit of the escape at an offset, or `nil` if there is none.
  private static func unit(in json: Span<UInt8>, at offset: Int) -> Int32? {
    guard json.byte(at: offset) == UInt8(ascii: "\\"), json.byte(at: offset + 1) == UInt8(ascii: "u") else {
      return nil
    }
    let unit = json.hexadecimal(at: offset + 2)
    return unit < 0 ? nil : unit
  }
}
