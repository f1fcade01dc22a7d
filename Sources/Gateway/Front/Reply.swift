/// Writes the head of a response, and whole responses with a short body.
///
/// The gateway never forwards an upstream's header field. Values from outside, such as a request ID or a model's name,
/// are either valid already or cleaned by `append(fieldValue:)`.
struct Reply {
  /// The framing of the body, which tells the client where it ends.
  enum Body: Equatable {
    case length(Int)
    case chunked
    /// The end of the connection, for HTTP/1.0.
    case untilClose
  }

  /// The parts of a response that its request determines.
  struct Options: Equatable {
    /// The minor version of the request. HTTP/1.0 has no chunked coding.
    var minorVersion: UInt8 = 1
    /// Whether another request may follow on the connection.
    var keepsAlive = true
    /// The ID of the request, `[A-Za-z0-9._-]{1,128}`.
    var requestID = ""
    /// Whether the request was a HEAD request, whose response has no body.
    var isHead = false
    /// The browser origin that may read the response.
    var allowedOrigin: String?
    /// The dialect of error responses.
    var dialect = Dialect.openAI
    /// The value of the `Date` field.
    var date: [UInt8] = []
  }

  /// Returns the reason phrase of a status.
  static func reason(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 204: "No Content"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: "Status"
    }
  }

  /// Appends the head without its final empty line, so that more fields can follow.
  static func open(
    _ status: Int, _ contentType: StaticString, _ body: Body, _ options: Options, into out: inout [UInt8]
  ) {
    if status == 200 {
      out.append("HTTP/1.1 200 OK\r\ndate: ")
    } else {
      out.append("HTTP/1.1 ")
      out.append(decimal: status)
      out.append(UInt8(ascii: " "))
      out.append(reason(status))
      out.append("\r\ndate: ")
    }
    out.append(options.date.span)
    if contentType.utf8CodeUnitCount > 0 {
      out.append("\r\ncontent-type: ")
      out.append(contentType)
    }
    switch body {
    case .length(let count):
      if status != 204 {
        out.append("\r\ncontent-length: ")
        out.append(decimal: count)
      }
    case .chunked: out.append("\r\ntransfer-encoding: chunked")
    case .untilClose: break
    }
    if !options.keepsAlive {
      out.append("\r\nconnection: close")
    } else if options.minorVersion == 0 {
      out.append("\r\nconnection: keep-alive")
    }
    out.append("\r\ncache-control: no-store\r\nx-content-type-options: nosniff")
    if !options.requestID.isEmpty {
      // OpenAI's SDKs read the first name, Anthropic's the second.
      out.append("\r\nx-request-id: ")
      out.append(options.requestID)
      out.append("\r\nrequest-id: ")
      out.append(options.requestID)
    }
    if let origin = options.allowedOrigin {
      out.append("\r\nvary: origin\r\naccess-control-expose-headers: x-request-id, request-id, retry-after")
      add("access-control-allow-origin", origin, into: &out)
    }
  }

  /// Appends a field. Control bytes in its value become spaces.
  static func add(_ name: StaticString, _ value: String, into out: inout [UInt8]) {
    out.append("\r\n")
    out.append(name)
    out.append(": ")
    append(fieldValue: value, into: &out)
  }

  private static func append(fieldValue value: String, into out: inout [UInt8]) {
    let text = value.utf8.span
    for index in text.indices where text[index] < 0x20 || text[index] == 0x7f {
      for index in text.indices { out.append(text[index] < 0x20 || text[index] == 0x7f ? 0x20 : text[index]) }
      return
    }
    out.append(text)
  }

  /// Appends the provider and model that served the request, and the parameters that were dropped for them.
  static func addServed(by provider: String, _ model: String, dropped: [String], into out: inout [UInt8]) {
    out.append("\r\nx-served-by: ")
    append(fieldValue: provider, into: &out)
    out.append(UInt8(ascii: "/"))
    append(fieldValue: model, into: &out)
    if !dropped.isEmpty { add("x-dropped-params", dropped.joined(separator: ","), into: &out) }
  }

  /// Appends the fields that are about a call, as the caller's dialect has them.
  static func add(_ fields: CallFields, _ options: Options, into out: inout [UInt8]) {
    if let limits = fields.rateLimits { options.dialect.row.writeRateLimits(limits, &out) }
    guard let status = fields.cache else { return }
    out.append("\r\nx-cache: ")
    out.append(status.word)
    if case .hit(let age) = status {
      out.append("\r\nage: ")
      out.append(decimal: Int(clamping: age))
    }
  }

  /// Appends the cost of an answer in millionths of a US dollar.
  static func addCost(_ cost: MicroUSD?, into out: inout [UInt8]) {
    out.append("\r\nx-cost-micro-usd: ")
    if let cost { out.append(decimal: Int(clamping: cost.value)) } else { out.append("unknown") }
  }

  /// Completes the head with its empty line.
  static func close(into out: inout [UInt8]) { out.append("\r\n\r\n") }

  /// Appends a whole response with a JSON body.
  static func complete(
    _ status: Int, _ contentType: StaticString = "application/json", _ body: Span<UInt8>, _ options: Options,
    field: (name: StaticString, value: String)? = nil, into out: inout [UInt8]
  ) {
    open(status, contentType, .length(body.count), options, into: &out)
    if let field { add(field.name, field.value, into: &out) }
    close(into: &out)
    if !options.isHead { out.append(body) }
  }
}
