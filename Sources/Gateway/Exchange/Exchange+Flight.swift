/// The bytes of an answer that is shared.
extension Exchange {
  /// Bytes of a shared answer, which count for the exchange whose attempt brings it, and then for the oldest of the others.
  var flightBytes: Int { flight.map { ($0.leader ?? $0.followers.first) === self ? $0.bytes.count : 0 } ?? 0 }

  /// Whether the answer is collected, and already long: another piece of it can wait.
  var isCollectingLongAnswer: Bool { fetch.isCollectingLongAnswer || flightBytes > Fetch.shortAnswerBytes }
}
