/// The head of a request. Most requests share its start with the one before.
///
/// libcurl receives it as if all of it were the request target. libcurl 7.88.1 formats header lines with its own `printf`, one character at a time, about 110 instructions each,
/// but copies the target. So the target includes the version and every header line. After the target, libcurl
/// writes ` HTTP/1.1`, which becomes part of the last field, `user-agent`, as another product (RFC 9110, section
/// 10.1.5). libcurl builds HTTP/2 requests from the same text.
///
/// No part of the text comes unchecked from a caller: a line break would start another field, or another request.
struct HeadText {
  /// The fields that libcurl must not write itself. The text contains them where needed. Without an `expect` field
  /// that is suppressed, libcurl waits a second for a 100 before a body of more than 1 MB.
  static let suppressed = ["Host:", "Accept:", "Content-Type:", "Content-Length:", "Expect:"]

  /// How the head ends.
  enum Ending {
    /// In the middle of the last line, which libcurl ends.
    case libcurl
    /// With its empty line. The head begins with the method.
    case complete
  }

  private let ending: Ending
  private var text: [UInt8] = []
  /// The length of the part that stays the same while `start` and `fields` do.
  private var fixed = 0
  private var start = ""
  private var fields: [String]?
  private var method = UpstreamRequest.Method.get

  init(ending: Ending) { self.ending = ending }

  /// Builds the head of a request.
  mutating func set(_ request: UpstreamRequest) {
    if start != request.target.headStart || fields != request.fields || method != request.method {
      start = request.target.headStart
      fields = request.fields
      method = request.method
      text.removeAll(keepingCapacity: true)
      if ending == .complete { text.append(contentsOf: method == .get ? "GET ".utf8 : "POST ".utf8) }
      text.append(contentsOf: start.utf8)
      for line in request.fields { append(line) }
      fixed = text.count
    }
    text.removeLast(text.count - fixed)
    if !request.requestID.isEmpty {
      append("x-request-id: " as StaticString)
      append(request.requestID)
    }
    if request.method == .post {
      append("content-length: " as StaticString)
      append(decimal: request.body.count)
      append(ending == .complete ? "\r\nuser-agent: hoosh\r\n\r\n" : "\r\nuser-agent: hoosh\0" as StaticString)
    } else {
      append(ending == .complete ? "user-agent: hoosh\r\n\r\n" : "user-agent: hoosh\0" as StaticString)
    }
  }

  private mutating func append(_ part: StaticString) {
    unsafe text.append(contentsOf: UnsafeBufferPointer(start: part.utf8Start, count: part.utf8CodeUnitCount))
  }

  private mutating func append(decimal number: Int) {
    var place = 1
    while number / place >= 10 { place *= 10 }
    while place > 0 {
      text.append(0x30 + UInt8(truncatingIfNeeded: number / place % 10))
      place /= 10
    }
  }

  /// Appends the head to `out`.
  func append(to out: inout [UInt8]) { out += text }

  private mutating func append(_ line: String) {
    unsafe line.utf8.span.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
    append("\r\n" as StaticString)
  }

  /// Calls `body` with the text, NUL-terminated.
  func withText(_ body: (UnsafePointer<CChar>) -> Void) {
    unsafe text.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { unsafe body(base.assumingMemoryBound(to: CChar.self)) }
    }
  }
}
