/// The time to a provider's first event, as a moving average.
struct Latency: Equatable, Sendable {
  /// Selections in a list until the candidate with the oldest measurement is explored.
  static let explorationInterval: UInt32 = 16
  /// How long an untried provider has for its first answer before another request may try it.
  static let trialTime = Duration.seconds(30)
  /// The value for a provider that has failed and never answered.
  static let penalty = Duration.seconds(10)
  /// The largest value that is recorded.
  static let longest = Duration.seconds(600)

  /// In microseconds; 0 before the first answer.
  private(set) var average: UInt32 = 0
  /// When it was last measured, or selected for exploration.
  var seen = Duration.zero
  /// When the trial of an untried provider ends.
  private(set) var trialEnds = Duration.zero

  var isUntried: Bool { average == 0 }

  mutating func beginTrial(at now: Duration) { trialEnds = now + Self.trialTime }

  /// Records an answer, with a weight of 3/10 against the average so far.
  mutating func note(_ time: Duration, at now: Duration) {
    let sample = Self.microseconds(time)
    average = isUntried ? sample : UInt32((UInt64(average) * 7 + UInt64(sample) * 3) / 10)
    average = max(1, average)
    seen = now
  }

  /// Records a failure, which doubles the average.
  mutating func noteFailure(at now: Duration) {
    let doubled = UInt64(average) * 2
    average =
      isUntried ? Self.microseconds(Self.penalty) : UInt32(min(doubled, UInt64(Self.microseconds(Self.longest))))
    seen = now
  }

  private static func microseconds(_ time: Duration) -> UInt32 {
    let (seconds, attoseconds) = min(max(time, .zero), longest).components
    return max(1, UInt32(seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
  }
}
