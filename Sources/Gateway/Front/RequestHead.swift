/// The head of a request: its fields as positions in the bytes that were received.
///
/// Every slice is relative to the first byte of the span that `HeadReader` read. Values exclude the white space around
/// them. Of a repeated field that may be repeated, the first one counts.
struct RequestHead: Equatable, Sendable {
  /// The request method (RFC 9110, section 9). Method names are case-sensitive.
  enum Method: Equatable, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options, trace, connect
    /// Another token; the response is 501.
    case other
  }

  /// The framing of the body (RFC 9112, section 6.3).
  enum Framing: Equatable, Sendable {
    /// No body.
    case none
    /// The bytes of `Content-Length`; may be zero.
    case length(Int)
    /// `Transfer-Encoding: chunked`.
    case chunked
  }

  var method = Method.other
  /// The minor version of HTTP/1, 0 or 1. Later ones count as 1.
  var minorVersion: UInt8 = 1
  /// The path, percent-encoded as received: at least `/`, `*` for `OPTIONS *`, empty for CONNECT.
  var path = Slice.empty
  /// The query after the first `?`; empty without one.
  var query = Slice.empty
  /// The host that the request is for; nil only in HTTP/1.0.
  var host: Authority?
  var framing = Framing.none
  /// Whether another request may follow on the connection.
  var keepsAlive = true
  /// Whether the client waits for a 100 before it sends the body.
  var expectsContinue = false
  /// Bytes of the whole head, including an empty line before it and the one after it.
  var byteCount = 0

  var authorization: Slice?
  var apiKey: Slice?
  var xAPIKey: Slice?
  var xGoogAPIKey: Slice?
  var xGoogAPIClient: Slice?
  var contentType: Slice?
  var contentEncoding: Slice?
  var origin: Slice?
  /// The relation of a web page to this gateway, from the browser (Fetch Metadata).
  var secFetchSite: Slice?
  var xRequestID: Slice?
  var xPriority: Slice?
  var xSessionID: Slice?
  var xHooshHops: Slice?
  var cacheControl: Slice?
  /// Whether there are further lines of it, which are not read.
  var repeatsCacheControl = false
  var xCacheNamespace: Slice?
  /// The header fields that a CORS preflight asks for.
  var requestedFields: Slice?
  var anthropicVersion: Slice?
  var anthropicBeta: Slice?
}

extension RequestHead.Method {
  /// Returns the method that a token names.
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
