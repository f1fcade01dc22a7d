/// The filter of a request for gateway events, from a query as in `since=7&topics=errors,providers/*&limit=20`.
///
/// Unknown parts are ignored. The topics are not validated here.
struct EventQuery: Equatable {
  /// The sequence number of the last event that the client has.
  var since: UInt64?
  /// The topics, separated by commas and without percent escapes.
  var topics: String?
  var limit = 100
  /// The first part whose value is not a number, although it must be one.
  var malformed: String?

  init(_ query: Span<UInt8>) {
    for part in query.text.split(separator: "&").prefix(16) {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { continue }
      switch pair[0] {
      case "since":
        since = UInt64(pair[1])
        if since == nil { malformed = malformed ?? "since" }
      case "limit":
        if let number = Int(pair[1]) { limit = max(1, number) } else { malformed = malformed ?? "limit" }
      case "topics": topics = PercentEncoding.decode(Array(pair[1].utf8).span)
      default: break
      }
    }
  }
}
