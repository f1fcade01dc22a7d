/// Why the bytes behind a head are not its body; the connection closes after the answer.
enum BodyError: Error, Equatable, Sendable {
  /// The body, as announced or as it came, is longer than allowed.
  case tooLarge
  /// A body that nobody reads is longer than is read past.
  case unwanted
  case chunkSize, chunkExtension, chunkExtensionTooLong, chunkEnd, lineEnd, trailer, trailersTooLarge

  /// The answer.
  var apiError: APIError {
    switch self {
    case .tooLarge:
      APIError(413, .requestTooLarge, "The request body is longer than allowed: send less.", closes: true)
    case .trailersTooLarge:
      APIError(431, .headersTooLarge, "The trailer fields are too many or too long: send less.", closes: true)
    default:
      APIError(400, .malformedRequest, advice, closes: true)
    }
  }

  private var advice: String {
    switch self {
    case .unwanted: "This method takes no body: send none."
    case .chunkSize: "A chunk size must be one to eight hex digits."
    case .chunkExtension: "A chunk extension is malformed: leave it out."
    case .chunkExtensionTooLong: "The chunk extensions are too long: leave them out."
    case .chunkEnd: "A chunk is longer or shorter than its size says."
    case .lineEnd: "A carriage return or line feed stands alone: end lines with CR LF."
    case .trailer: "A trailer field is malformed: leave it out."
    default: "The request body is malformed."
    }
  }
}
