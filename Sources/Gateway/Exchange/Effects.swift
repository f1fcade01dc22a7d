/// The results of an exchange's step: bytes for its client, and what the relay has to do.
struct Effects {
  /// Bytes for the client.
  var output: [UInt8] = []
  /// More bytes for the client, after `output`: a large body is not copied behind its head.
  var body: EditedText?
  /// A non-streaming answer that is too large to be translated at once.
  var largeAnswer: [UInt8]?
  /// An event of a stream that is too large to be translated at once.
  var largeEvent: LargeEvent?
  /// Whether something is too large to be translated at once.
  var isLarge: Bool { largeAnswer != nil || largeEvent != nil }
  /// How the attempt ended, if it did.
  var attemptResult: AttemptResult?
  /// Whether another attempt is needed; the one before it is over.
  var needsAttempt = false
  /// Set when the exchange is over.
  var end: End?

  /// An event of a stream, as it came.
  struct LargeEvent {
    var data: [UInt8]
    /// The name of an SSE event, or empty.
    var name: [UInt8]
  }

  /// How the client's connection goes on.
  enum End: Equatable {
    case complete
    /// The connection is closed, so that the client does not take the response for complete.
    case abort
  }
}
