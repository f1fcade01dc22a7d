/// The target in a request line, split into its parts and never decoded (RFC 9112, section 3.2).
struct RequestTarget: Equatable {
  var path: Slice
  var query = Slice.empty
  /// The host in an absolute or a CONNECT target.
  var authority: Authority?

  /// Returns the parts of a target of visible ASCII, in a form that `method` allows.
  ///
  /// Percent escapes must have two hex digits and form UTF-8 without NUL. A path may not have an escaped control
  /// character, or a segment that decodes to `.` or `..`.
  static func read(
    _ target: Range<Int>, method: RequestHead.Method, in bytes: Span<UInt8>
  ) throws(HeadError) -> RequestTarget {
    if method == .connect {
      guard let authority = Authority.read(target, in: bytes), authority.port != nil else { throw .targetForm }
      return RequestTarget(path: .empty, authority: authority)
    }
    if bytes[target.lowerBound] == UInt8(ascii: "/") { return try readPath(target, in: bytes) }
    if target.count == 1, bytes[target.lowerBound] == UInt8(ascii: "*"), method == .options {
      return RequestTarget(path: Slice(target))
    }
    return try readAbsolute(target, in: bytes)
  }

  private static func readAbsolute(
    _ target: Range<Int>, in bytes: Span<UInt8>
  ) throws(HeadError) -> RequestTarget {
    let scheme: StaticString = "http://"
    let start = target.lowerBound + scheme.utf8CodeUnitCount
    guard start < target.upperBound, bytes.extracting(target.lowerBound..<start).matches(scheme) else {
      throw .targetForm
    }
    var end = start
    while end < target.upperBound, !isEndOfAuthority(bytes[end]) { end += 1 }
    guard let authority = Authority.read(start..<end, in: bytes) else { throw .hostMalformed }
    var result = try readPath(end..<target.upperBound, in: bytes)
    // An empty path means the root. The slice is a slash of the scheme.
    if result.path.isEmpty { result.path = Slice(start: start - 1, count: 1) }
    result.authority = authority
    return result
  }

  private static func isEndOfAuthority(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  private static func readPath(_ range: Range<Int>, in bytes: Span<UInt8>) throws(HeadError) -> RequestTarget {
    var check = TargetValidator()
    var index = range.lowerBound
    while index < range.upperBound, bytes[index] != UInt8(ascii: "?") {
      index = try check.takePath(at: index, before: range.upperBound, in: bytes)
    }
    try check.endPath()
    let path = Slice(range.lowerBound..<index)
    guard index < range.upperBound else { return RequestTarget(path: path) }
    let query = index + 1..<range.upperBound
    index += 1
    while index < range.upperBound { index = try check.takeQuery(at: index, before: range.upperBound, in: bytes) }
    try check.endText()
    return RequestTarget(path: path, query: Slice(query))
  }
}
