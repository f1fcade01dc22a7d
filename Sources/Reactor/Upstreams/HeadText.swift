/// The head of a request as libcurl is given it: all in one text, as if it were the request's target.
///
/// libcurl 7.88.1 prints the lines of a head through its own `printf`, one character at a time, which takes some
/// 110 instructions for each; the target alone it copies. So the target goes on where it should end: the version, and
/// every field line. What libcurl writes behind a target, ` HTTP/1.1`, then ends the last field, `user-agent`, as one
/// more product (RFC 9110, section 10.1.5). HTTP/2 is made from the same text.
///
/// Nothing in it comes from a caller unchecked: a line break would be a field of its own, or a request.
struct HeadText {
  /// What libcurl would write itself: these are in the text where they are wanted, and for want of an empty `expect` it
  /// waits a second for a 100 before a body of more than 1 MB.
  static let suppressed = ["Host:", "Accept:", "Content-Type:", "Content-Length:", "Expect:"]

  private var text: [UInt8] = []
  /// How much of the text is the same as long as these two are.
  private var fixed = 0
  private var start = ""
  private var fields: [String]?

  /// Makes it the head of this request.
  mutating func set(_ request: UpstreamRequest) {
    if start != request.target.headStart || fields != request.fields {
      start = request.target.headStart
      fields = request.fields
      text.removeAll(keepingCapacity: true)
      text.append(contentsOf: start.utf8)
      for line in request.fields { append(line) }
      fixed = text.count
    }
    text.removeLast(text.count - fixed)
    if !request.requestID.isEmpty {
      text.append(contentsOf: "x-request-id: ".utf8)
      append(request.requestID)
    }
    if request.method == .post {
      text.append(contentsOf: "content-length: ".utf8)
      append("\(request.body.count)")
    }
    text.append(contentsOf: "user-agent: hoosh\0".utf8)
  }

  private mutating func append(_ line: String) {
    text.append(contentsOf: line.utf8)
    text.append(0x0d)
    text.append(0x0a)
  }

  /// Lends it, ended by a NUL.
  func withText(_ body: (UnsafePointer<CChar>) -> Void) {
    unsafe text.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { unsafe body(base.assumingMemoryBound(to: CChar.self)) }
    }
  }
}
