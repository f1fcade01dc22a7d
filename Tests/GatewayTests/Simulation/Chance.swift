@testable import Gateway

/// Every choice of an episode, from its seed alone.
struct Chance {
  private var source: SplitMix

  init(_ seed: UInt64) { source = SplitMix(state: seed) }

  /// Chance of its own for one party, so that what it draws does not depend on who else draws.
  mutating func fork() -> Chance { Chance(source.next()) }

  mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(source.next() % UInt64(bound)) }

  mutating func between(_ least: Int, _ most: Int) -> Int { least + below(most - least + 1) }

  /// Returns true with a probability of one in `times`.
  mutating func one(in times: Int) -> Bool { below(times) == 0 }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// A time by the clock of peers, which ticks every five milliseconds so that things also coincide.
  mutating func time(upTo milliseconds: Int) -> Duration { .milliseconds(5 * below(milliseconds / 5 + 1)) }

  /// The number of the first weight that a draw falls upon.
  mutating func weighted(_ weights: [Int]) -> Int {
    var draw = below(weights.reduce(0, +))
    for (index, weight) in weights.enumerated() {
      if draw < weight { return index }
      draw -= weight
    }
    return weights.count - 1
  }
}
