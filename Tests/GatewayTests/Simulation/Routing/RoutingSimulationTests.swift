import Glibc
import Testing

/// Ownership of models and protection of callers, in seeded episodes of random configurations, model lists, failures and
/// reloads, against rules that are written down independently.
///
/// `Law` has a sentence for each check. `owned`, `keptHere` and `pinned` are checked at every attempt, `found` and `served` at
/// the end of a request, and `protected` after every reload. A failing seed is played again for its trace.
///
/// `HOOSH_SIM_SEED` and `HOOSH_SIM_LIVES` have the meaning that they have for `SimulationTests`.
@Suite(.serialized) struct RoutingSimulationTests {
  private static func environment(_ name: String) -> UInt64? {
    getenv(name).flatMap { UInt64(String(cString: $0)) }
  }

  @Test func `no prompt reaches a provider that does not have its model, and no reload weakens the protection`() {
    let seed = Self.environment("HOOSH_SIM_SEED")
    let lives = Self.environment("HOOSH_SIM_LIVES")
    let report = RoutingSimulation.play(
      from: seed ?? 1, lives: seed != nil && lives == nil ? 0 : Int(lives ?? 1200))
    for breach in report.breaches { Issue.record("\(breach)") }
    if lives != nil || seed != nil || !report.breaches.isEmpty { print(report.text) }
    if seed == nil { #expect(report.missing == [], "a walk that never comes by these proves too little") }
  }
}
