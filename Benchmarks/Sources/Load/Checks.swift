import Foundation

/// Counts passed checks and prints failed ones.
struct Checks {
  private(set) var held = 0
  private(set) var failed = 0

  mutating func check(_ holds: Bool, _ what: @autoclosure () -> String) {
    if holds {
      held += 1
    } else {
      failed += 1
      if failed < 20 { print("failed: \(what())") }
    }
  }
}
