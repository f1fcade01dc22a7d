internal import HTTPText

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
  case apiKey = "api-key"
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
  case cacheControl = "cache-control"
  case xCacheNamespace = "x-cache-namespace"
  case accessControlRequestHeaders = "access-control-request-headers"
  case other

  /// Returns the field with the given name, in any letter case.
  static func named(_ name: Span<UInt8>) -> FieldName {
    switch name.count {
    case 4: if name.matches("host") { return .host }
    case 6:
      if name.matches("expect") { return .expect }
      if name.matches("origin") { return .origin }
    case 7: if name.matches("api-key") { return .apiKey }
    case 9: if name.matches("x-api-key") { return .xAPIKey }
    case 10:
      if name.matches("connection") { return .connection }
      if name.matches("x-priority") { return .xPriority }
    case 12:
      if name.matches("content-type") { return .contentType }
      if name.matches("x-request-id") { return .xRequestID }
      if name.matches("x-session-id") { return .xSessionID }
      if name.matches("x-hoosh-hops") { return .xHooshHops }
    case 13:
      if name.matches("authorization") { return .authorization }
      if name.matches("cache-control") { return .cacheControl }
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
      if name.matches("x-cache-namespace") { return .xCacheNamespace }
    case 30: if name.matches("access-control-request-headers") { return .accessControlRequestHeaders }
    default: break
    }
    return .other
  }
}

extension Span where Element == UInt8 {
  /// Returns whether the whole span equals `text`, which is in lower case, in any letter case.
  func matches(_ text: StaticString) -> Bool { equalsIgnoringCase(text.bytes) }

  /// Returns whether the span begins with `text`, which is in lower case, in any letter case.
  func begins(_ text: StaticString) -> Bool { extracting(first: text.utf8CodeUnitCount).matches(text) }
}
