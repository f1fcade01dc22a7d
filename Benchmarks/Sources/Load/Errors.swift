/// The errors of a run, by kind.
struct Errors {
  /// Connections that failed, were reset, or closed in the middle of a response.
  var connections = 0
  /// Responses with a status other than 200.
  var statuses = 0
  /// Invalid HTTP responses, invalid streams, and streams with an error event.
  var malformed = 0
  /// Streams that ended without `[DONE]`, or that ended although they must not.
  var ends = 0
  /// The first status that was not 200.
  var firstStatus = 0

  var all: Int { connections + statuses + malformed + ends }

  var text: String {
    all == 0
      ? "0"
      : "\(all) (connections \(connections), status \(statuses) [\(firstStatus)], malformed \(malformed), ends \(ends))"
  }
}
