/// How soon a provider's answers begin: a moving average of the time to the first token.
struct Latency: Equatable, Sendable {
  /// Picks in a list until the candidate that was not heard of for longest has its turn.
  static let explorationInterval: UInt32 = 16
  /// How long a provider that was never tried has for its first answer before another request may try it.
  static let trialTime = Duration.seconds(30)
  /// What counts for one that has failed and never answered.
  static let penalty = Duration.seconds(10)
  /// The longest time that is told apart.
  static let longest = Duration.seconds(600)

  /// In microseconds; 0 before the first answer.
  private(set) var average: UInt32 = 0
  /// When it was last heard of, or asked to be.
  var seen = Duration.zero
  /// Until when its first answer is waited for.
  private(set) var trialEnds = Duration.zero

  var isUntried: Bool { average == 0 }

  mutating func beginTrial(at now: Duration) { trialEnds = now + Self.trialTime }

  /// Notes one answer: three tenths of it count, and of what was known seven.
  mutating func note(_ time: Duration, at now: Duration) {
    let sample = Self.microseconds(time)
    average = isUntried ? sample : UInt32((UInt64(average) * 7 + UInt64(sample) * 3) / 10)
    average = max(1, average)
    seen = now
  }

  /// Notes a failure: whatever was known is doubted.
  mutating func noteFailure(at now: Duration) {
    let doubled = UInt64(average) * 2
    average =
      isUntried ? Self.microseconds(Self.penalty) : UInt32(min(doubled, UInt64(Self.microseconds(Self.longest))))
    seen = now
  }

  private static func microseconds(_ time: Duration) -> UInt32 {
    let time = min(max(time, .zero), longest)
    return max(1, UInt32(time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000))
  }
}
