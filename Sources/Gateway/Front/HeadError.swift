/// An error in the head of a request. The connection closes after the response.
///
/// Where RFC 9110 or 9112 lets a server repair a malformed request, the gateway rejects it. Two readers that repair it
/// differently would allow request smuggling.
enum HeadError: Error, Equatable, Sendable {
  // Bytes.
  case notARequest, emptyLines, bareCarriageReturn, bareLineFeed, controlByte
  // The request line.
  case requestLine, requestLineTooLong, version, versionNotSupported
  case target, targetForm, targetEscape, targetDots
  // Fields.
  case folded, spaceBeforeColon, noColon, fieldName, fieldTooLong, fieldsTooLong, tooManyFields
  case repeated(FieldName)
  case hostMissing, hostMalformed, hostDisagrees
  case contentLength, lengthAndCoding, transferEncoding, transferCodingUnknown, transferEncodingTooOld
  case expectation

  /// The error response.
  var apiError: APIError {
    switch self {
    case .requestLineTooLong:
      APIError(414, .uriTooLong, "The request line is longer than 8192 bytes. Shorten the target.", closes: true)
    case .versionNotSupported:
      APIError(505, .versionNotSupported, "This port supports HTTP/1.1 and HTTP/1.0 only.", closes: true)
    case .fieldTooLong:
      APIError(431, .headersTooLarge, "A header field is longer than 16384 bytes. Shorten it.", closes: true)
    case .fieldsTooLong:
      APIError(431, .headersTooLarge, "The header fields are longer than 32768 bytes. Send fewer.", closes: true)
    case .tooManyFields:
      APIError(431, .headersTooLarge, "The request has more than 100 header fields. Send fewer.", closes: true)
    case .transferCodingUnknown:
      APIError(501, .notImplemented, "The only transfer coding that is supported is chunked.", closes: true)
    case .expectation:
      APIError(417, .expectationFailed, "The only expectation that is supported is 100-continue.", closes: true)
    default:
      APIError(400, .malformedRequest, advice, closes: true)
    }
  }

  /// The cause of an error that is a plain 400, and how to fix it.
  private var advice: String {
    switch self {
    case .notARequest: "The bytes are not an HTTP request. This port supports plain HTTP/1.1, without TLS."
    case .emptyLines: "Several empty lines precede the request line. Send none."
    case .bareCarriageReturn: "A carriage return has no line feed after it. End lines with CR LF."
    case .bareLineFeed: "A line feed has no carriage return before it. End lines with CR LF."
    case .controlByte: "The head has a control character. Remove it."
    case .requestLine: "The request line is malformed. Write METHOD, a space, the target, a space, and HTTP/1.1."
    case .version: "The request line does not end in HTTP/1.1 or HTTP/1.0."
    case .target: "The request target has a character that must be percent-encoded."
    case .targetForm: "The request target does not begin with a slash or with http://."
    case .targetEscape:
      "The request target has a malformed percent escape. Write two hex digits for each byte of UTF-8."
    case .targetDots: "The request target has a segment that is . or .. after decoding. Remove it."
    case .folded: "A header line begins with white space. Put each field on one line."
    case .spaceBeforeColon: "A header name has white space before its colon. Remove it."
    case .noColon: "A header line has no colon."
    case .fieldName: "A header name is empty or has a character that is not allowed in names."
    case .repeated(let name): "The field \(name.rawValue) is repeated. Send it once."
    case .hostMissing: "The Host field is missing. HTTP/1.1 requires one."
    case .hostMalformed:
      "The Host field is malformed. Send a name or an address, with an optional port from 1 to 65535."
    case .hostDisagrees: "The Host field and the request target name different hosts. Send the same in both."
    case .contentLength: "Content-Length is malformed. Send one decimal number of at most 19 digits."
    case .lengthAndCoding: "The request has both Content-Length and Transfer-Encoding. Send one of them."
    case .transferEncoding: "Transfer-Encoding is malformed. Send exactly: chunked."
    case .transferEncodingTooOld: "HTTP/1.0 has no Transfer-Encoding. Send Content-Length."
    default: "The request is malformed."
    }
  }
}
