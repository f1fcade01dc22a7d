@testable import Gateway
import Testing

@Suite struct IDTableTests {
  @Test func `a stale ID finds nothing and removes nothing`() {
    var register = IDTable<String>()
    let first: UInt64 = 1 << 32 | 5
    let second: UInt64 = 2 << 32 | 5
    #expect(register[first] == nil)
    register[first] = "a"
    #expect(register[first] == "a")
    #expect(register[second] == nil)
    register[second] = nil
    #expect(register.count == 1)
    register[second] = "b"
    #expect(register[first] == nil)
    #expect(register.count == 1)
    register[first] = nil
    #expect(register[second] == "b")
    #expect(register.value(inSlot: 5) == "b")
    #expect(register.value(inSlot: 4) == nil)
    #expect(register.value(inSlot: 6) == nil)
    register[second] = nil
    #expect(register.count == 0)
    #expect(register.values.isEmpty)
  }

  @Test func `a random table agrees with a dictionary`() {
    var random = SplitMix(state: 21)
    var register = IDTable<Int>()
    var known: [UInt64: Int] = [:]
    for step in 0..<5000 {
      let name = (random.next() % 3) << 32 | (random.next() % 20)
      if random.next() % 3 == 0 {
        register[name] = nil
        known[name] = nil
      } else {
        // A slot has one occupant at a time.
        for other in known.keys where other & 0xFFFF_FFFF == name & 0xFFFF_FFFF { known[other] = nil }
        register[name] = step
        known[name] = step
      }
      if register.count != known.count || Set(register.values) != Set(known.values) {
        Issue.record("step \(step)")
        return
      }
      #expect(register[name] == known[name])
    }
  }

  @Test func `numbers are those of the published generator`() {
    var random = SplitMix(state: 1_234_567)
    #expect(
      (0..<5).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  @Test(arguments: [
    (0, "0"), (9, "9"), (10, "10"), (-10, "-10"), (Int.max, "9223372036854775807"),
    (Int.min, "-9223372036854775808"),
  ])
  func `decimals are right to both ends`(_ number: Int, _ text: String) {
    var out: [UInt8] = []
    out.append(decimal: number)
    #expect(String(decoding: out, as: UTF8.self) == text)
  }

  @Test func `usage saturates`() {
    #expect(Usage(prompt: .max, completion: 1, source: .reported).total == .max)
    #expect(Usage.estimated(promptBytes: 0, completionBytes: 0).total == 0)
    #expect(
      Usage.estimated(promptBytes: 1, completionBytes: 5) == Usage(prompt: 1, completion: 2, source: .estimated))
  }
}
