/// The decimal digits of a number, made without an allocation.
struct DecimalDigits {
  private static let countMax = 20
  private var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
  private var first = countMax

  init(_ number: UInt64) {
    var rest = number
    repeat {
      first &-= 1
      // No number of 64 bits has more than 20 digits.
      digits[first] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
  }

  var span: Span<UInt8> {
    @_lifetime(borrow self)
    get { digits.span.extracting(first...) }
  }
}
