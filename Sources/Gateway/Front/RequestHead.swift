/// Everything the gateway wants to know of a request before its body: positions in the bytes it came in.
///
/// Every slice is counted from the first byte of the request's buffer, which is the span that `HeadReader` was
/// given. Values are without white space around them. Where a field that may be repeated is, the first stands.
struct RequestHead: Equatable, Sendable {
  /// What is asked for (RFC 9110, section 9); method names are case-sensitive.
  enum Method: Equatable, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options, trace, connect
    /// A token that is none of these; the answer is 501.
    case other
  }

  /// How the body is delimited (RFC 9112, section 6.3).
  enum Framing: Equatable, Sendable {
    /// There is no body.
    case none
    /// `Content-Length`, in bytes; may be zero.
    case length(Int)
    /// `Transfer-Encoding: chunked`.
    case chunked
  }

  var method = Method.other
  /// 0 or 1; later minor versions are read as 1.
  var minorVersion: UInt8 = 1
  /// The path, percent-encoded as it came: at least `/`, `*` of `OPTIONS *`, empty for CONNECT.
  var path = Slice.empty
  /// What follows the first `?`; empty without one.
  var query = Slice.empty
  /// Whom the request is addressed to; nil only in HTTP/1.0.
  var host: Authority?
  var framing = Framing.none
  /// Whether another request may follow on the connection.
  var keepsAlive = true
  /// Whether the client waits for a 100 before it sends the body.
  var expectsContinue = false
  /// Bytes of the whole head: an empty line before it, if any, to the one after it.
  var byteCount = 0

  var authorization: Slice?
  var xAPIKey: Slice?
  var xGoogAPIKey: Slice?
  var xGoogAPIClient: Slice?
  var contentType: Slice?
  var contentEncoding: Slice?
  var origin: Slice?
  var xRequestID: Slice?
  var xPriority: Slice?
  var xSessionID: Slice?
  var anthropicVersion: Slice?
  var anthropicBeta: Slice?
}

extension RequestHead.Method {
  /// The method that a token names.
  static func named(_ token: Range<Int>, in bytes: Span<UInt8>) -> Self {
    let name = bytes.extracting(token)
    switch token.count {
    case 3: return name.equals("GET") ? .get : name.equals("PUT") ? .put : .other
    case 4: return name.equals("POST") ? .post : name.equals("HEAD") ? .head : .other
    case 5: return name.equals("PATCH") ? .patch : name.equals("TRACE") ? .trace : .other
    case 6: return name.equals("DELETE") ? .delete : .other
    case 7: return name.equals("OPTIONS") ? .options : name.equals("CONNECT") ? .connect : .other
    default: return .other
    }
  }
}
