internal import HTTPText

/// The fields of a head so far whose meaning depends on all fields.
struct SeenFields: Sendable {
  /// The host in the request target, if there is one.
  var authority: Authority?
  private var wantsClose = false
  private var wantsKeepAlive = false
  private var wantsContinue = false

  init() {}

  /// Reads one field, and stores its value's position in the head if the gateway uses it.
  mutating func take(
    _ line: FieldLine, in bytes: Span<UInt8>, for head: inout RequestHead
  ) throws(HeadError) {
    let name = FieldName.named(bytes.extracting(line.name))
    let value = Slice(line.value)
    switch name {
    case .host:
      guard head.host == nil else { throw .repeated(name) }
      guard let host = Authority.read(line.value, in: bytes) else { throw .hostMalformed }
      head.host = host
    case .contentLength: try takeLength(line.value, in: bytes, for: &head)
    case .transferEncoding: try takeCoding(line.value, in: bytes, for: &head)
    case .connection: takeConnection(line.value, in: bytes)
    case .expect:
      // HTTP/1.0 has no interim responses to wait for (RFC 9110, section 10.1.1).
      guard head.minorVersion > 0 else { return }
      guard bytes.extracting(line.value).matches("100-continue") else { throw .expectation }
      wantsContinue = true
    case .authorization: try Self.keep(value, name, in: &head.authorization)
    case .apiKey: try Self.keep(value, name, in: &head.apiKey)
    case .xAPIKey: try Self.keep(value, name, in: &head.xAPIKey)
    case .xGoogAPIKey: try Self.keep(value, name, in: &head.xGoogAPIKey)
    case .xGoogAPIClient: Self.keepFirst(value, in: &head.xGoogAPIClient)
    case .contentType: try Self.keep(value, name, in: &head.contentType)
    case .contentEncoding: try Self.keep(value, name, in: &head.contentEncoding)
    case .origin: try Self.keep(value, name, in: &head.origin)
    case .secFetchSite: try Self.keep(value, name, in: &head.secFetchSite)
    case .xRequestID: Self.keepFirst(value, in: &head.xRequestID)
    case .anthropicVersion: Self.keepFirst(value, in: &head.anthropicVersion)
    case .anthropicBeta: Self.keepFirst(value, in: &head.anthropicBeta)
    case .xPriority: Self.keepFirst(value, in: &head.xPriority)
    case .xSessionID: Self.keepFirst(value, in: &head.xSessionID)
    case .xHooshHops: Self.keepFirst(value, in: &head.xHooshHops)
    case .cacheControl:
      head.repeatsCacheControl = head.cacheControl != nil
      Self.keepFirst(value, in: &head.cacheControl)
    case .xCacheNamespace: Self.keepFirst(value, in: &head.xCacheNamespace)
    case .accessControlRequestHeaders: Self.keepFirst(value, in: &head.requestedFields)
    case .other: break
    }
  }

  /// Resolves what depends on all fields: the host, and whether the connection stays open.
  func resolve(_ head: inout RequestHead, in bytes: Span<UInt8>) throws(HeadError) {
    guard head.host != nil || head.minorVersion == 0 else { throw .hostMissing }
    if let authority {
      if let host = head.host, !host.isSame(as: authority, in: bytes) { throw .hostDisagrees }
      head.host = authority
    }
    head.keepsAlive = !wantsClose && (head.minorVersion > 0 || wantsKeepAlive)
    head.expectsContinue = wantsContinue && head.framing != .none
  }

  private func takeLength(
    _ value: Range<Int>, in bytes: Span<UInt8>, for head: inout RequestHead
  ) throws(HeadError) {
    switch head.framing {
    case .none: break
    case .length: throw .repeated(.contentLength)
    case .chunked: throw .lengthAndCoding
    }
    guard (1...19).contains(value.count) else { throw .contentLength }
    var length = 0
    for index in value {
      guard bytes[index].isDecimalDigit else { throw .contentLength }
      let (shifted, isTooLong) = length.multipliedReportingOverflow(by: 10)
      let (sum, isTooMuch) = shifted.addingReportingOverflow(Int(bytes[index] - 0x30))
      guard !isTooLong, !isTooMuch else { throw .contentLength }
      length = sum
    }
    head.framing = .length(length)
  }

  private func takeCoding(
    _ value: Range<Int>, in bytes: Span<UInt8>, for head: inout RequestHead
  ) throws(HeadError) {
    guard head.minorVersion > 0 else { throw .transferEncodingTooOld }
    switch head.framing {
    case .none: break
    case .length: throw .lengthAndCoding
    case .chunked: throw .repeated(.transferEncoding)
    }
    guard bytes.extracting(value).matches("chunked") else {
      var end = value.lowerBound
      while end < value.upperBound, bytes[end].isTokenByte { end += 1 }
      throw end == value.upperBound && !value.isEmpty ? .transferCodingUnknown : .transferEncoding
    }
    head.framing = .chunked
  }

  /// Reads a list of connection options. Empty and unknown ones are ignored (RFC 9110, section 7.6.1).
  private mutating func takeConnection(_ value: Range<Int>, in bytes: Span<UInt8>) {
    var start = value.lowerBound
    while start < value.upperBound {
      var end = start
      while end < value.upperBound, bytes[end] != UInt8(ascii: ",") { end += 1 }
      let option = bytes.extracting(bytes.trimmingBlanks(start..<end))
      if option.matches("close") { wantsClose = true }
      if option.matches("keep-alive") { wantsKeepAlive = true }
      start = end + 1
    }
  }

  /// Stores a field that must be unique, because two readers could each use another of two values.
  private static func keep(_ value: Slice, _ name: FieldName, in slice: inout Slice?) throws(HeadError) {
    guard slice == nil else { throw .repeated(name) }
    slice = value
  }

  private static func keepFirst(_ value: Slice, in slice: inout Slice?) {
    if slice == nil { slice = value }
  }
}
