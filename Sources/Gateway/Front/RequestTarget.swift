/// The second word of a request line, taken apart and never decoded (RFC 9112, section 3.2).
struct RequestTarget: Equatable {
  var path: Slice
  var query = Slice.empty
  /// The host of an absolute or a CONNECT target.
  var authority: Authority?

  /// Reads a target of visible ASCII, in the forms that `method` may have.
  ///
  /// Percent escapes must be two hex digits and, taken together, UTF-8; none may be NUL. A path may have no
  /// escaped control character and no segment that is `.` or `..` when decoded.
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
    // An empty path means the root, and the scheme has a slash to point at.
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
