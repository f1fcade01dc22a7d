/// The filter of a request for gateway events, from a query as in `since=7&topics=errors,providers/*&limit=20`.
///
/// Unknown and malformed parts are ignored. The topics are not validated here.
struct EventQuery: Equatable {
  /// The sequence number of the last event that the client has.
  var since: UInt64?
  /// The topics, separated by commas and without percent escapes.
  var topics: String?
  var limit = 100

  init(_ query: Span<UInt8>) {
    for part in query.text.split(separator: "&").prefix(16) {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { continue }
      switch pair[0] {
      case "since": since = UInt64(pair[1])
      case "limit": limit = max(1, Int(pair[1]) ?? limit)
      case "topics": topics = PercentEncoding.decode(Array(pair[1].utf8).span)
      default: break
      }
    }
  }
}
