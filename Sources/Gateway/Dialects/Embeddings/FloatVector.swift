/// Vectors of 32-bit floats: JSON's lists of numbers, and base64 of their little-endian bytes.
enum FloatVector {
  static let malformed = AttemptFailure.malformed("an embedding is not a list of numbers")

  /// Appends a vector in an encoding: as it is written where it has that one.
  static func append(
    _ vector: JSONValue, _ json: Span<UInt8>, as encoding: EmbeddingsForm.Encoding, to out: inout [UInt8]
  ) throws(AttemptFailure) {
    switch (vector.kind, encoding) {
    case (.array, .float):
      // A list of lists is one vector for each token, which no dialect has.
      guard JSONLists.isListOfNumbers(vector, in: json) else { throw malformed }
      out.append(json.bytes(vector.slice))
    case (.array, .base64): try appendBase64(of: vector, json, to: &out)
    case (.string, .base64): out.append(json.bytes(vector.slice))
    case (.string, .float): try appendNumbers(of: vector, json, to: &out)
    default: throw malformed
    }
  }

  /// Appends a list of numbers as a JSON string of base64.
  static func appendBase64(of list: JSONValue, _ json: Span<UInt8>, to out: inout [UInt8]) throws(AttemptFailure) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * Int(list.elements))
    do throws(JSONError) {
      var elements = try ArrayCursor(in: json, at: Int(list.slice.start))
      while let element = try elements.next(in: json) {
        guard let number = float(element, json) else {
          bytes = []
          break
        }
        var bits = number.bitPattern
        for _ in 0..<4 {
          bytes.append(UInt8(truncatingIfNeeded: bits))
          bits >>= 8
        }
      }
    } catch {
      throw malformed
    }
    guard bytes.count == 4 * Int(list.elements) else { throw malformed }
    out.append(UInt8(ascii: "\""))
    Base64.append(bytes.span, to: &out)
    out.append(UInt8(ascii: "\""))
  }

  /// Appends the floats in a JSON string of base64 as a list of numbers.
  static func appendNumbers(of text: JSONValue, _ json: Span<UInt8>, to out: inout [UInt8]) throws(AttemptFailure) {
    guard let encoded = text.unescaped(in: json), let bytes = Base64.decode(encoded.span), bytes.count % 4 == 0
    else {
      throw .malformed("an embedding is not base64 of 32-bit floats")
    }
    out.append("[")
    for index in stride(from: 0, to: bytes.count, by: 4) {
      var bits: UInt32 = 0
      for offset in 0..<4 { bits |= UInt32(bytes[index + offset]) << UInt32(8 * offset) }
      let number = Float(bitPattern: bits)
      guard number.isFinite else { throw malformed }
      Writer.separate(&out)
      out.append(number.description)
    }
    out.append("]")
  }

  /// The largest power of ten that a `Double` holds exactly, and the largest whole number whose every neighbor it holds.
  private static let powerMax = 22
  private static let wholeMax: UInt64 = 1 << 53

  /// Returns the nearest 32-bit float; `nil` for anything but a number, and for one that is too large.
  static func float(_ value: JSONValue, _ json: Span<UInt8>) -> Float? {
    guard value.kind == .number, value.slice.count <= JSONValue.numberBytesMax else { return nil }
    if let double = quick(json.bytes(value.slice)) {
      // Rounded twice it would be another one only halfway between two floats, and below the smallest normal one.
      if double == 0 || (double.magnitude >= 0x1p-126 && double.bitPattern & 0x1fff_ffff != 0x1000_0000) {
        return finite(Float(double))
      }
    }
    return Float(json.bytes(value.slice).text).flatMap(finite)
  }

  private static func finite(_ number: Float) -> Float? { number.isFinite ? number : nil }

  /// Returns a number with few digits and a small exponent, which one operation on exact values makes exact.
  private static func quick(_ text: Span<UInt8>) -> Double? {
    var digits: UInt64 = 0
    var power = 0
    var at = 0
    var isBehindPoint = false
    let isNegative = text[0] == UInt8(ascii: "-")
    if isNegative { at = 1 }
    while at < text.count {
      let byte = text[at]
      if byte == UInt8(ascii: ".") {
        isBehindPoint = true
      } else if byte & 0xdf == UInt8(ascii: "E") {
        break
      } else {
        digits = digits * 10 + UInt64(byte - UInt8(ascii: "0"))
        if digits > wholeMax { return nil }
        if isBehindPoint { power -= 1 }
      }
      at += 1
    }
    if at < text.count {
      guard let exponent = Int(text.extracting((at + 1)...).text), exponent.magnitude < 400 else { return nil }
      power += exponent
    }
    guard power.magnitude <= powerMax else { return nil }
    let whole = Double(digits)
    let number = power < 0 ? whole / powers[-power] : whole * powers[power]
    return isNegative ? -number : number
  }

  private static let powers: [Double] = (0...powerMax).map { exponent in
    (0..<exponent).reduce(1) { number, _ in number * 10 }
  }
}

/// Base64 with the standard alphabet and padding (RFC 4648 section 4).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Appends the text of some bytes.
  static func append(_ bytes: Span<UInt8>, to out: inout [UInt8]) {
    var index = 0
    while index < bytes.count {
      let count = min(3, bytes.count - index)
      var bits: UInt32 = 0
      for offset in 0..<3 { bits = bits << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0) }
      for place in 0..<4 {
        let isPadding = place > count
        out.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)])
      }
      index += 3
    }
  }

  /// Returns the bytes of a text; `nil` if it is not base64.
  static func decode(_ text: Span<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var count = text.count
    while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
    var out: [UInt8] = []
    out.reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    var held = 0
    for index in 0..<count {
      guard let value = value(of: text[index]) else { return nil }
      bits = bits << 6 | value
      held += 6
      if held >= 8 {
        held -= 8
        out.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
      }
    }
    return out
  }

  private static func value(of byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
