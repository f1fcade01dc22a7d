internal import HTTPText

extension BodyError {
  /// The error response. The connection closes after it.
  var apiError: APIError {
    switch self {
    case .tooLarge:
      APIError(
        413, .requestTooLarge,
        "The request body is longer than `server.json_body_bytes_max`. Send a shorter one, or raise the limit.",
        closes: true)
    case .trailersTooLarge:
      APIError(431, .headersTooLarge, "The trailer fields are too many or too long. Send fewer.", closes: true)
    default:
      APIError(400, .malformedRequest, advice, closes: true)
    }
  }

  /// The cause of an error that is a plain 400, and how to fix it.
  private var advice: String {
    switch self {
    case .unwanted: "This method takes no body. Send none."
    case .chunkSize: "A chunk size is malformed. Send one to eight hex digits."
    case .chunkExtension: "A chunk extension is malformed. Leave it out."
    case .chunkExtensionTooLong: "The chunk extensions are too long. Leave them out."
    case .chunkEnd: "A chunk does not end where its size ends. Send each chunk with its exact size."
    case .lineEnd: "A line ends with a single carriage return or line feed. End lines with CR LF."
    case .trailer: "A trailer field is malformed. Leave it out."
    default: "The request body is malformed."
    }
  }
}
