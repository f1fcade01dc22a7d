/// One header line, split at its colon (RFC 9112, section 5).
struct FieldLine: Equatable {
  var name: Range<Int>
  /// The value without the white space around it; may be empty.
  var value: Range<Int>

  /// Returns the two parts of a line without its line end. The line has no control bytes.
  static func read(_ line: Range<Int>, in bytes: Span<UInt8>) throws(HeadError) -> FieldLine {
    var colon = line.lowerBound
    while colon < line.upperBound, bytes[colon].isTokenByte { colon += 1 }
    guard colon < line.upperBound else { throw .noColon }
    guard bytes[colon] == UInt8(ascii: ":") else {
      throw bytes[colon].isBlank ? .spaceBeforeColon : .fieldName
    }
    guard colon > line.lowerBound else { throw .fieldName }
    let name = line.lowerBound..<colon
    return FieldLine(name: name, value: bytes.trimmingBlanks(colon + 1..<line.upperBound))
  }
}

/// The header fields that the gateway reads. The raw value is the name in lower case.
enum FieldName: String, Sendable {
  case host
  case contentLength = "content-length"
  case transferEncoding = "transfer-encoding"
  case connection
  case expect
  case authorization
  case xAPIKey = "x-api-key"
  case xGoogAPIKey = "x-goog-api-key"
  case xGoogAPIClient = "x-goog-api-client"
  case contentType = "content-type"
  case contentEncoding = "content-encoding"
  case origin
  case secFetchSite = "sec-fetch-site"
  case xRequestID = "x-request-id"
  case xPriority = "x-priority"
  case xSessionID = "x-session-id"
  case anthropicVersion = "anthropic-version"
  case anthropicBeta = "anthropic-beta"
  case xHooshHops = "x-hoosh-hops"
  case accessControlRequestHeaders = "access-control-request-headers"
  case other

  /// Returns the field with the given name, in any letter case.
  static func named(_ name: Span<UInt8>) -> FieldName {
    switch name.count {
    case 4: if name.matches("host") { return .host }
    case 6:
      if name.matches("expect") { return .expect }
      if name.matches("origin") { return .origin }
    case 9: if name.matches("x-api-key") { return .xAPIKey }
    case 10:
      if name.matches("connection") { return .connection }
      if name.matches("x-priority") { return .xPriority }
    case 12:
      if name.matches("content-type") { return .contentType }
      if name.matches("x-request-id") { return .xRequestID }
      if name.matches("x-session-id") { return .xSessionID }
      if name.matches("x-hoosh-hops") { return .xHooshHops }
    case 13: if name.matches("authorization") { return .authorization }
    case 14:
      if name.matches("content-length") { return .contentLength }
      if name.matches("x-goog-api-key") { return .xGoogAPIKey }
      if name.matches("sec-fetch-site") { return .secFetchSite }
      if name.matches("anthropic-beta") { return .anthropicBeta }
    case 16: if name.matches("content-encoding") { return .contentEncoding }
    case 17:
      if name.matches("transfer-encoding") { return .transferEncoding }
      if name.matches("anthropic-version") { return .anthropicVersion }
      if name.matches("x-goog-api-client") { return .xGoogAPIClient }
    case 30: if name.matches("access-control-request-headers") { return .accessControlRequestHeaders }
    default: break
    }
    return .other
  }
}

extension UInt8 {
  /// Whether the byte may be part of a field name or a method: `tchar` of RFC 9110, section 5.6.2.
  var isTokenByte: Bool {
    // One bit for each ASCII code.
    let bits: UInt64 = self < 64 ? 0x03ff_6cfa_0000_0000 : 0x57ff_ffff_c7ff_fffe
    return self < 128 && bits >> UInt64(self & 63) & 1 == 1
  }

  /// Whether the byte is a space or a tab.
  var isBlank: Bool { self == 0x20 || self == 0x09 }

  /// Whether the byte is a control character other than a tab. No line may contain one.
  var isForbiddenControl: Bool { self < 0x20 && self != 0x09 || self == 0x7f }

  /// Whether the byte is one of `0` to `9`.
  var isDecimalDigit: Bool { self >= 0x30 && self <= 0x39 }

  /// The value of a hexadecimal digit in either letter case; nil for other bytes.
  var hexDigitValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x37
    case 0x61...0x66: self - 0x57
    default: nil
    }
  }
}

extension Span where Element == UInt8 {
  /// Returns whether the whole span equals `text`, which is in lower case, in any letter case.
  func matches(_ text: StaticString) -> Bool { equalsIgnoringCase(text.bytes) }

  /// Returns whether the span begins with `text`, which is in lower case, in any letter case.
  func begins(_ text: StaticString) -> Bool { extracting(first: text.utf8CodeUnitCount).matches(text) }

  /// Returns `range` without the spaces and tabs at its ends.
  func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return start..<end
  }
}
