// What a value says, decoded when somebody wants to know.

extension JSONValue {
  /// Bytes that a number may have to be read as a `Double`.
  public static let numberBytesMax = 1024

  /// The text of a string, without escapes; a lone surrogate reads as U+FFFD. Nil for everything else.
  ///
  /// It has at most as many bytes as the value: no escape is shorter than what it stands for.
  public func string(in json: Span<UInt8>) -> String? {
    var text: [UInt8] = []
    guard append(to: &text, from: json) else { return nil }
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the bytes of a string, without quotes and escapes; false, and nothing, for everything else.
  @discardableResult
  public func append(to out: inout [UInt8], from json: Span<UInt8>) -> Bool {
    guard kind == .string else { return false }
    let start = Int(slice.start) + 1
    let end = self.end - 1
    if out.isEmpty { out.reserveCapacity(end - start) }
    if !hasEscapes {
      out.append(json.extracting(start..<end))
      return true
    }
    var at = start
    while at < end {
      let escape = Search.firstIndex(of: UInt8(ascii: "\\"), in: json, from: at) ?? end
      let stop = min(escape, end)
      out.append(json.extracting(at..<stop))
      at = stop
      if at < end {
        var bytes = UnescapedBytes(at: at)
        while let byte = bytes.nextOfEscape(in: json) { out.append(byte) }
        at = bytes.at
      }
    }
    return true
  }

  /// Whether it is a string that reads exactly as `text`.
  public func equals(_ text: StaticString, in json: Span<UInt8>) -> Bool {
    guard kind == .string else { return false }
    // A key and a string are spelled alike.
    let inside = Slice(start: Int(slice.start) + 1, count: Int(slice.count) - 2)
    return Member(key: inside, keyHasEscapes: hasEscapes, value: self).keyEquals(text, in: json)
  }

  /// The integer that a number without fraction and exponent writes; nil when it is none or does not fit.
  public func integer(in json: Span<UInt8>) -> Int64? {
    guard kind == .number else { return nil }
    var number: Int64 = 0
    var isNegative = false
    for offset in slice.range {
      let byte = json[offset]
      if byte == UInt8(ascii: "-") {
        isNegative = true
        continue
      }
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let digit = Int64(byte - UInt8(ascii: "0"))
      let (tens, isFar) = number.multipliedReportingOverflow(by: 10)
      // Counting downwards from zero reaches the smallest number too.
      let (next, isOver) =
        isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      if isFar || isOver { return nil }
      number = next
    }
    return number
  }

  /// The number as the nearest `Double`; nil when it is none, too large, or of more than `numberBytesMax`.
  public func double(in json: Span<UInt8>) -> Double? {
    guard kind == .number, slice.count <= Self.numberBytesMax else { return nil }
    guard let number = Double(json.bytes(slice).text), number.isFinite else { return nil }
    return number
  }
}

extension Member {
  /// The key as it reads, without escapes.
  public func name(in json: Span<UInt8>) -> String {
    let quoted = JSONValue(
      .string, start: Int(key.start) - 1, end: key.range.upperBound + 1, hasEscapes: keyHasEscapes)
    return quoted.string(in: json) ?? ""
  }
}
