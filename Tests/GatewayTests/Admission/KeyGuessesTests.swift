import Testing

@testable import Gateway

@Suite struct KeyGuessesTests {
  private static func address(_ number: Int) -> [UInt8] {
    [10, UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
  }

  @Test func `the wait begins after a few wrong keys, doubles, and has a limit`() {
    var guesses = KeyGuesses()
    var now = Duration.zero
    for _ in 0..<KeyGuesses.freeMax {
      guesses.failed(Self.address(1), now: now)
      #expect(guesses.wait(of: Self.address(1), now: now) == nil)
    }
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
      guesses.failed(Self.address(1), now: now)
      #expect(guesses.wait(of: Self.address(1), now: now) == .seconds(seconds))
      #expect(guesses.wait(of: Self.address(2), now: now) == nil)
      now += .seconds(seconds)
      #expect(guesses.wait(of: Self.address(1), now: now) == nil)
    }
    for _ in 0..<100 { guesses.failed(Self.address(1), now: now) }
    #expect(guesses.wait(of: Self.address(1), now: now) == KeyGuesses.waitMax)
  }

  @Test func `an address begins again after a while`() {
    var guesses = KeyGuesses()
    for _ in 0..<20 { guesses.failed([], now: .zero) }
    let later = KeyGuesses.memory + .nanoseconds(1)
    for _ in 0..<KeyGuesses.freeMax {
      guesses.failed([], now: later)
      #expect(guesses.wait(of: [], now: later) == nil)
    }
  }

  @Test func `a limited number of addresses is remembered, the latest ones`() {
    var guesses = KeyGuesses()
    for number in 0..<2 * KeyGuesses.addressesMax {
      for _ in 0...KeyGuesses.freeMax { guesses.failed(Self.address(number), now: .milliseconds(number)) }
    }
    #expect(guesses.count == KeyGuesses.addressesMax)
    let now = Duration.milliseconds(2 * KeyGuesses.addressesMax)
    #expect(guesses.wait(of: Self.address(0), now: now) == nil)
    #expect(guesses.wait(of: Self.address(2 * KeyGuesses.addressesMax - 1), now: now) != nil)
    guesses.failed(Self.address(0), now: now + KeyGuesses.memory + .seconds(10))
    #expect(guesses.count == 1)
  }
}
