// The two crossings into raw memory that everything here stands on.

extension StaticString {
  /// The literal's code units, which live as long as the program.
  var bytes: Span<UInt8> {
    @_lifetime(immortal)
    get {
      let buffer = unsafe UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
      return unsafe _overrideLifetime(buffer.span, borrowing: ())
    }
  }
}

extension Array where Element == UInt8 {
  /// Appends borrowed bytes in one copy.
  mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}

extension Writer {
  /// A string as JSON, with its quotes.
  static func string(_ text: String) -> [UInt8] {
    var out: [UInt8] = []
    append(text, to: &out)
    return out
  }
}
