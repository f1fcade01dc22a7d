import Glibc
import Testing

/// The whole gateway in seeded episodes: clients of every kind, providers of every kind, time that jumps.
///
/// `HOOSH_SIM_SEED` plays the episode of one seed, or begins there; `HOOSH_SIM_LIVES` says how many lives.
@Suite(.serialized) struct SimulationTests {
  @Test func `no life in any episode breaks a law`() {
    let seed = Self.environment("HOOSH_SIM_SEED")
    let lives = Self.environment("HOOSH_SIM_LIVES")
    let report = Simulation.play(from: seed ?? 1, lives: seed != nil && lives == nil ? 0 : Int(lives ?? 2000))
    for breach in report.breaches { Issue.record("\(breach)") }
    if lives != nil || seed != nil || !report.breaches.isEmpty { print(report.text) }
    if seed == nil { #expect(report.missing == [], "a walk that never comes by these proves too little") }
  }

  @Test func `an episode is its seed: the same happens again`() throws {
    func digest(_ seed: UInt64) throws -> UInt64 {
      let episode = try Episode(seed: seed)
      try episode.run()
      return episode.happenings.digest
    }
    for seed in [3, 5] as [UInt64] {
      // The kernel decides how much a socket accepts, less when memory is scarce, so that a run may differ. Without
      // determinism no two of them would be the same.
      var digests: [UInt64] = []
      repeat {
        digests.append(try digest(seed))
      } while digests.count < 10 && Set(digests).count == digests.count
      #expect(!digests.contains(Happenings().digest))
      #expect(Set(digests).count < digests.count, "\(digests)")
    }
  }

  private static func environment(_ name: String) -> UInt64? {
    guard let text = getenv(name) else { return nil }
    return UInt64(String(cString: text))
  }
}
