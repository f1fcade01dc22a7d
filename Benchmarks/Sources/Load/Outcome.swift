/// The results of one run of the client.
struct Outcome {
  /// The number of requests answered, or streams ended, in the measured time.
  var answered = 0
  var errors = Errors()
  /// The time from sending a request, or from when it was due, to the last byte of its response, in nanoseconds.
  var latency = Histogram()
  /// The time from sending a request to the first event of its stream.
  var firstEvent = Histogram()
  /// The time from the mock's sending of an event to its arrival here.
  var relay = Histogram()
  /// The number of events received in the measured time.
  var events = 0
  /// The events of all streams that ended: missing, duplicate, late.
  var lost = 0
  var duplicated = 0
  var reordered = 0
  /// The number of streams that ended in the measured time or after it.
  var streamsEnded = 0
  /// The requests that were due in the measured time, those sent over a millisecond late, and those without a
  /// response.
  var due = 0
  var late = 0
  var unanswered = 0
  /// The measured time.
  var seconds = 0.0
  /// The usage of the process under test in that time, or `nil` without one.
  var usage: Usage?
  /// The CPU time, in nanoseconds, of the client, and of all processes other than the client, the mock, and the one
  /// under test.
  var clientCPU: UInt64 = 0
  var elsewhereCPU: UInt64 = 0
  /// The number of background streams open in the measured time.
  var background = 0
  /// The memory of the process under test in bytes: before, with all streams open, and after they were closed.
  var residentBefore = 0
  var residentWith = 0
  var residentAfter = 0

  /// Whether everything arrived, once and in order.
  var isClean: Bool { errors.all == 0 && lost + duplicated + reordered + unanswered == 0 }

  var faults: String {
    "errors \(errors.text), events lost \(lost), twice \(duplicated), late \(reordered), unanswered \(unanswered)"
  }
}
