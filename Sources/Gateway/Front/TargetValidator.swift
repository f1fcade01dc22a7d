internal import HTTPText

/// Validates a request target byte by byte as if decoding it, without storing the decoded bytes.
struct TargetValidator {
  /// The number of decoded bytes in the segment so far, and of dots among them.
  private var segmentCount = 0
  private var dotCount = 0
  private var text = UTF8Sequence()

  /// Reads one byte or escape of a path, and returns the offset after it.
  mutating func takePath(at index: Int, before end: Int, in bytes: Span<UInt8>) throws(HeadError) -> Int {
    let byte = bytes[index]
    guard byte == UInt8(ascii: "%") else {
      guard Self.isPathByte(byte), text.isComplete else { throw text.isComplete ? .target : .targetEscape }
      try takeSegment(byte)
      return index + 1
    }
    let decoded = try Self.escape(at: index, before: end, in: bytes)
    guard text.take(decoded), !decoded.isForbiddenControl, decoded != 0x09 else { throw .targetEscape }
    try takeSegment(decoded)
    return index + 3
  }

  /// Reads one byte or escape of a query, and returns the offset after it.
  mutating func takeQuery(at index: Int, before end: Int, in bytes: Span<UInt8>) throws(HeadError) -> Int {
    let byte = bytes[index]
    guard byte == UInt8(ascii: "%") else {
      guard Self.isQueryByte(byte), text.isComplete else { throw text.isComplete ? .target : .targetEscape }
      return index + 1
    }
    let decoded = try Self.escape(at: index, before: end, in: bytes)
    guard decoded != 0, text.take(decoded) else { throw .targetEscape }
    return index + 3
  }

  /// Ends the path and its last segment. Throws if either is not valid.
  mutating func endPath() throws(HeadError) {
    try endSegment()
    try endText()
  }

  /// Ends the text. Throws if its last character is incomplete.
  func endText() throws(HeadError) {
    guard text.isComplete else { throw .targetEscape }
  }

  private mutating func takeSegment(_ byte: UInt8) throws(HeadError) {
    // Another program may decode an escaped slash or backslash and treat it as a separator.
    if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") {
      try endSegment()
    } else {
      segmentCount += 1
      if byte == UInt8(ascii: ".") { dotCount += 1 }
    }
  }

  private mutating func endSegment() throws(HeadError) {
    guard segmentCount != dotCount || segmentCount == 0 || segmentCount > 2 else { throw .targetDots }
    segmentCount = 0
    dotCount = 0
  }

  private static func escape(at index: Int, before end: Int, in bytes: Span<UInt8>) throws(HeadError) -> UInt8 {
    guard end - index >= 3, let high = bytes[index + 1].hexDigitValue, let low = bytes[index + 2].hexDigitValue
    else { throw .targetEscape }
    return high << 4 | low
  }

  /// Returns whether a path may contain the byte: `pchar` of RFC 3986 without the percent sign, and the slash.
  private static func isPathByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: ";"), UInt8(ascii: "="): true
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","): true
    case UInt8(ascii: "#"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"): false
    default: byte.isTokenByte
    }
  }

  /// Returns whether a query may contain the byte: also the brackets, braces, and bars that query builders do not escape,
  /// although RFC 3986 requires it.
  private static func isQueryByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"): true
    case UInt8(ascii: "|"), UInt8(ascii: "^"), UInt8(ascii: "`"): true
    default: isPathByte(byte)
    }
  }
}

/// Validates bytes one at a time as UTF-8 in its shortest form (RFC 3629, section 4).
private struct UTF8Sequence {
  private var remaining = 0
  /// The range of the next continuation byte.
  private var low: UInt8 = 0x80
  private var high: UInt8 = 0xbf

  /// Whether no character is incomplete.
  var isComplete: Bool { remaining == 0 }

  /// Reads a byte, and returns whether it may follow the previous ones.
  mutating func take(_ byte: UInt8) -> Bool {
    if remaining > 0 {
      guard byte >= low, byte <= high else { return false }
      remaining -= 1
      (low, high) = (0x80, 0xbf)
      return true
    }
    switch byte {
    case ..<0x80: break
    case 0xc2...0xdf: remaining = 1
    case 0xe0: (remaining, low) = (2, 0xa0)
    case 0xed: (remaining, high) = (2, 0x9f)
    case 0xe1...0xef: remaining = 2
    case 0xf0: (remaining, low) = (3, 0x90)
    case 0xf4: (remaining, high) = (3, 0x8f)
    case 0xf1...0xf3: remaining = 3
    default: return false
    }
    return true
  }
}
