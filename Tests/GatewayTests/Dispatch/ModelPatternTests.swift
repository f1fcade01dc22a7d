@testable import Gateway
import Testing

@Suite struct ModelPatternTests {
  @Test(arguments: [
    ("m", "m", true), ("m", "mm", false), ("m", "", false), ("m", "M", false), ("*", "", true),
    ("*", "anything/at:all", true),
    ("**", "x", true), ("gpt-*", "gpt-5", true), ("gpt-*", "gpt-", true), ("gpt-*", "agpt-5", false),
    ("*-mini", "gpt-mini", true), ("*-mini", "-mini", true), ("*-mini", "gpt-mini-2", false),
    ("a*b", "ab", true), ("a*b", "axxb", true), ("a*b", "a", false), ("aa*aa", "aaa", false),
    ("aa*aa", "aaaa", true),
    ("a*b*c", "abc", true), ("a*b*c", "axbxc", true), ("a*b*c", "acb", false), ("a*b*b*c", "abc", false),
    ("a*b*b*c", "abbc", true), ("*x*", "axb", true), ("*x*", "ab", false), ("a*ba", "aba", true),
    ("ab*ba", "aba", false),
    ("*aab*", "aaab", true), ("é*", "ecole", false), ("é*", "été", true), ("", "", true), ("", "x", false),
  ])
  func `a star matches any characters`(_ pattern: String, _ model: String, _ matches: Bool) {
    #expect(ModelPattern(pattern).matches(model) == matches)
  }

  @Test func `random names match exactly as they do letter by letter`() {
    var random = SplitMix(state: 9)
    for _ in 0..<3000 {
      let pattern = Self.word("ab*", 6, &random)
      let name = Self.word("ab", 8, &random)
      if ModelPattern(pattern).matches(name) != Self.matches(pattern[...], name[...]) {
        Issue.record("\(pattern) and \(name)")
        return
      }
    }
  }

  private static func word(_ letters: String, _ most: Int, _ random: inout SplitMix) -> String {
    String((0..<Int.random(in: 0...most, using: &random)).map { _ in letters.randomElement(using: &random)! })
  }

  private static func matches(_ pattern: Substring, _ name: Substring) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == "*" {
      return matches(pattern.dropFirst(), name) || (!name.isEmpty && matches(pattern, name.dropFirst()))
    }
    return name.first == first && matches(pattern.dropFirst(), name.dropFirst())
  }

  @Test func `a pattern with many stars matches in little time`() {
    let pattern = ModelPattern(String(repeating: "*a", count: 60) + "*b")
    let name = String(repeating: "a", count: 256)
    let time = ContinuousClock().measure { #expect(!pattern.matches(name)) }
    #expect(time < .seconds(1))
  }

  @Test func `an exact name is the most specific pattern`() {
    let weights = ["m", "gpt-5-*", "gpt-*", "g*5", "*"].map { ModelPattern($0).weight }
    #expect(weights == [.max - 1, 6, 4, 2, 0])
    #expect(ModelPattern("m").isExact)
    #expect(!ModelPattern("*").isExact)
  }
}
