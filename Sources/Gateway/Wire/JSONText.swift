// The contents of a value, decoded on demand.

extension JSONValue {
  /// Bytes of the longest number that is read as a `Double`.
  public static let numberBytesMax = 1024

  /// Returns the unescaped text of a string, or nil for another value. A lone surrogate becomes U+FFFD.
  ///
  /// The text has at most as many bytes as the value, because no escape is shorter than its character.
  public func string(in json: Span<UInt8>) -> String? {
    guard kind == .string else { return nil }
    if !hasEscapes { return json.extracting(Int(slice.start) + 1..<end - 1).text }
    var text: [UInt8] = []
    append(to: &text, from: json)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the unescaped bytes of a string and returns true. Returns false for another value.
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

  /// Returns whether the value is a string that equals `text` when unescaped.
  public func equals(_ text: StaticString, in json: Span<UInt8>) -> Bool {
    guard kind == .string else { return false }
    // Keys and strings have the same syntax.
    let inside = Slice(start: Int(slice.start) + 1, count: Int(slice.count) - 2)
    return Member(key: inside, keyHasEscapes: hasEscapes, value: self).keyEquals(text, in: json)
  }

  /// Returns the value of a number without fraction and exponent, or nil if it has either or does not fit.
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
      // Subtracting from zero reaches the smallest number, too.
      let (next, isOver) =
        isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      if isFar || isOver { return nil }
      number = next
    }
    return number
  }

  /// Returns the nearest `Double` of a number, or nil if it is too large or longer than `numberBytesMax`.
  public func double(in json: Span<UInt8>) -> Double? {
    guard kind == .number, slice.count <= Self.numberBytesMax else { return nil }
    guard let number = Double(json.bytes(slice).text), number.isFinite else { return nil }
    return number
  }
}

extension Member {
  /// Returns the unescaped key.
  public func name(in json: Span<UInt8>) -> String {
    let quoted = JSONValue(
      .string, start: Int(key.start) - 1, end: key.range.upperBound + 1, hasEscapes: keyHasEscapes)
    return quoted.string(in: json) ?? ""
  }
}
