/// What went wrong, by kind.
struct Errors {
  /// A connection could not be made, or was reset, or closed in the middle of an answer.
  var connections = 0
  /// An answer with another status than 200.
  var statuses = 0
  /// An answer that is no HTTP, or a stream that is none, or has an error in it.
  var malformed = 0
  /// A stream that ended without `[DONE]`, or that should not have ended.
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
