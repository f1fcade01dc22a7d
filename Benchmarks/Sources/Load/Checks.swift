import Foundation

/// Counts what holds and says what does not.
struct Checks {
  private(set) var held = 0
  private(set) var failed = 0

  mutating func check(_ holds: Bool, _ what: @autoclosure () -> String) {
    if holds {
      held += 1
    } else {
      failed += 1
      if failed < 20 { print("does not hold: \(what())") }
    }
  }
}
