/// Reads the limits of a request in every form that some provider accepts, so that none passes a limit unread.
enum TokenLimit {
  /// The longest text that is read as a number, in bytes.
  private static let bytesMax = 64

  /// Returns the whole number that a number or a string of one means, or `nil`. One that does not fit becomes the largest
  /// or the smallest that does.
  static func read(_ value: JSONValue, _ json: Span<UInt8>) -> Int64? {
    if let integer = value.integer(in: json) { return integer }
    switch value.kind {
    case .number: return number(json.bytes(value.slice).text)
    case .string:
      guard value.slice.count <= bytesMax, let text = value.string(in: json) else { return nil }
      // Only JSON's numbers: `Double` also reads hexadecimal ones, and infinity.
      let bytes = Array(text.utf8)
      do throws(JSONError) {
        let inner = try Scanner.whole(bytes.span)
        return inner.kind == .number ? read(inner, bytes.span) : nil
      } catch {
        return nil
      }
    case .object, .array, .true, .false, .null: return nil
    }
  }

  /// Returns a number with a fraction or an exponent, if it is whole.
  private static func number(_ text: String) -> Int64? {
    guard let number = Double(text), number == number.rounded(.towardZero) else { return nil }
    if let exact = Int64(exactly: number) { return exact }
    return number < 0 ? .min : .max
  }
}

/// The path of a member that limits the tokens of an answer or of its thinking.
struct LimitPath: Sendable {
  /// The keys of objects from the outermost, and the key of the limit.
  var keys: [StaticString]
  /// Whether it limits the whole answer.
  var isMaxTokens = true

  init(_ keys: StaticString..., isMaxTokens: Bool = true) {
    self.keys = keys
    self.isMaxTokens = isMaxTokens
  }

  /// The path as callers write it.
  var name: String { keys.map { String(describing: $0) }.joined(separator: ".") }
}

extension Member {
  /// Returns whether the key differs from `name` in nothing but the case of its letters. Servers in Go read such a key as
  /// the name.
  ///
  /// Source: Go's encoding/json, whose folding includes U+017F for `s` and U+212A for `k`.
  func keyFolds(to name: StaticString, in json: Span<UInt8>) -> Bool {
    let count = name.utf8CodeUnitCount
    // Only an escape or one of the two other characters makes a key longer.
    if !keyHasEscapes, Int(key.count) < count || Int(key.count) > 3 * count { return false }
    var bytes = UnescapedBytes(at: Int(key.start))
    var index = 0
    while let byte = bytes.next(in: json) {
      var folded = byte
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): folded = byte | 0x20
      case 0xc5:
        guard bytes.next(in: json) == 0xbf else { return false }
        folded = UInt8(ascii: "s")
      case 0xe2:
        guard bytes.next(in: json) == 0x84, bytes.next(in: json) == 0xaa else { return false }
        folded = UInt8(ascii: "k")
      default: break
      }
      if index == count { return false }
      if Search.byte(of: name, at: index) != folded { return false }
      index += 1
    }
    return index == count
  }
}
