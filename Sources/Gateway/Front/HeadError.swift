/// Why the bytes on a connection are not a request head; the connection closes after the answer.
///
/// Where RFC 9110 and 9112 allow a reader both to repair and to refuse, the gateway refuses: what two readers
/// could understand differently is how requests are smuggled.
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

  /// The answer.
  var apiError: APIError {
    switch self {
    case .requestLineTooLong:
      APIError(414, .uriTooLong, "The request line is longer than 8192 bytes: shorten the target.", closes: true)
    case .versionNotSupported:
      APIError(505, .versionNotSupported, "Speak HTTP/1.1 or HTTP/1.0 to this port.", closes: true)
    case .fieldTooLong:
      APIError(431, .headersTooLarge, "A header field is longer than 16384 bytes: shorten it.", closes: true)
    case .fieldsTooLong:
      APIError(431, .headersTooLarge, "The header fields have more than 32768 bytes: send less.", closes: true)
    case .tooManyFields:
      APIError(431, .headersTooLarge, "There are more than 100 header fields: send fewer.", closes: true)
    case .transferCodingUnknown:
      APIError(501, .notImplemented, "The only transfer coding understood here is chunked.", closes: true)
    case .expectation:
      APIError(417, .expectationFailed, "The only expectation understood here is 100-continue.", closes: true)
    default:
      APIError(400, .malformedRequest, advice, closes: true)
    }
  }

  /// What to change, for the faults that are a plain 400.
  private var advice: String {
    switch self {
    case .notARequest: "This port speaks plain HTTP/1.1: a request begins with its method."
    case .emptyLines: "Send no empty lines before the request line."
    case .bareCarriageReturn: "A carriage return stands alone: end lines with CR LF."
    case .bareLineFeed: "A line feed stands alone: end lines with CR LF."
    case .controlByte: "Remove the control character from the head."
    case .requestLine: "Write the request line as METHOD SP target SP HTTP/1.1."
    case .version: "The request line must end in HTTP/1.1 or HTTP/1.0."
    case .target: "The request target has a character that must be percent-encoded."
    case .targetForm: "The request target must begin with a slash or with http://."
    case .targetEscape: "A percent escape in the request target is not two hex digits of UTF-8 text."
    case .targetDots: "Remove the segments . and .. from the request target."
    case .folded: "A header line begins with white space: put each field on one line."
    case .spaceBeforeColon: "Remove the white space between a header name and its colon."
    case .noColon: "A header line has no colon."
    case .fieldName: "A header name is empty or has a character that names cannot have."
    case .repeated(let name): "Send the \(name.rawValue) field once."
    case .hostMissing: "HTTP/1.1 requires a Host field."
    case .hostMalformed: "The Host must be a name or an address, and a port from 1 to 65535 if there is one."
    case .hostDisagrees: "The Host field names another host than the request target."
    case .contentLength: "Content-Length must be one decimal number of at most 19 digits."
    case .lengthAndCoding: "Send Content-Length or Transfer-Encoding, not both."
    case .transferEncoding: "Transfer-Encoding must be exactly: chunked."
    case .transferEncodingTooOld: "Transfer-Encoding is not part of HTTP/1.0: send Content-Length."
    default: "The request is malformed."
    }
  }
}
