/// What a run of the client found.
struct Outcome {
  /// Requests answered, or streams ended, in the measured time.
  var answered = 0
  var errors = Errors()
  /// From sending a request, or from when it was due, to the last byte of its answer; nanoseconds.
  var latency = Histogram()
  /// From sending a request to the first event of its stream.
  var firstEvent = Histogram()
  /// From the mock's sending of an event to its being read here.
  var relay = Histogram()
  /// Events that came in the measured time.
  var events = 0
  /// Events of all streams that ended: never seen, seen twice, seen late.
  var lost = 0
  var duplicated = 0
  var reordered = 0
  /// Streams that ended, in the measured time or after it.
  var streamsEnded = 0
  /// Requests that were due in the measured time, those sent over a millisecond late, and those without an answer.
  var due = 0
  var late = 0
  var unanswered = 0
  /// The measured time.
  var seconds = 0.0
  /// What the process under test used in that time; nil without one.
  var usage: Usage?
  /// CPU nanoseconds of the client itself in that time, and of all that is neither it, nor the mock, nor under test.
  var clientCPU: UInt64 = 0
  var elsewhereCPU: UInt64 = 0
  /// Streams in the background that were open in the measured time.
  var background = 0
  /// Bytes of memory of the process under test: before, with all streams open, after they were closed.
  var residentBefore = 0
  var residentWith = 0
  var residentAfter = 0

  /// Whether everything arrived, once and in order.
  var isClean: Bool { errors.all == 0 && lost + duplicated + reordered + unanswered == 0 }

  var faults: String {
    "errors \(errors.text), events lost \(lost), twice \(duplicated), late \(reordered), unanswered \(unanswered)"
  }
}
