import Testing

@testable import Gateway

/// Costs, exact to the millionth of a dollar.
///
/// The cases are faults of other gateways: cached tokens charged at the full price or twice, thinking charged twice or not
/// at all, and prices that depend on the length of the prompt.
@Suite struct TokenPricesTests {
  private static let claude = [
    TokenPrices(
      input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000, cacheWriteLong: 6_000_000)
  ]

  private static func cost(_ usage: Usage, _ prices: [TokenPrices] = claude) -> UInt64? {
    prices.cost(usage.breakdown).map { MicroUSD(picoUSD: $0).value }
  }

  @Test func `tokens that were read from a cache are charged once, at their own price`() {
    let usage = Usage(prompt: 100_000, completion: 100, source: .reported, cached: 90_000)
    #expect(Self.cost(usage) == 10_000 * 3 + 27_000 + 1500)
  }

  @Test func `tokens that were written to a cache are charged once, by how long they are kept`() {
    let usage = Usage(
      prompt: 1000, completion: 0, source: .reported, cached: 100, cacheWritten: 200, cacheWrittenLong: 300)
    #expect(Self.cost(usage) == 400 * 3 + 30 + 750 + 1800)
  }

  @Test func `thinking is a part of the answer, and is charged once`() {
    let usage = Usage(prompt: 0, completion: 1000, source: .reported, thinking: 900)
    #expect(Self.cost(usage) == 15_000)
    let dearer = [TokenPrices(input: 0, output: 1_000_000, reasoning: 3_000_000)]
    #expect(Self.cost(usage, dearer) == 100 + 2700)
  }

  @Test func `classes that are larger than the whole are cut to it`() {
    let usage = Usage(
      prompt: 10, completion: 5, source: .reported, cached: .max, cacheWritten: .max, thinking: .max, audioIn: -3)
    #expect(usage.breakdown.prompt == 10)
    #expect(Self.cost(usage) == 3 + 75)
  }

  @Test func `the price of a long prompt applies to all of its tokens, cached ones included`() {
    let prices = [
      TokenPrices(input: 1_000_000, output: 10_000_000, cacheRead: 100_000),
      TokenPrices(above: 200_000, input: 2_000_000, output: 15_000_000, cacheRead: 200_000),
    ]
    let short = Usage(prompt: 199_999, completion: 10, source: .reported, cached: 100_000)
    #expect(Self.cost(short, prices) == 99_999 + 10_000 + 100)
    let long = Usage(prompt: 200_001, completion: 10, source: .reported, cached: 200_001)
    #expect(Self.cost(long, prices) == 40_000 + 150)
  }

  @Test func `a cost is rounded once, half up`() {
    #expect(MicroUSD(picoUSD: 499_999).value == 0)
    #expect(MicroUSD(picoUSD: 500_000).value == 1)
    #expect(MicroUSD(picoUSDRoundedUp: 1).value == 1)
    #expect(MicroUSD(picoUSD: .max).value == UInt64.max / 1_000_000 + 1)
  }

  @Test func `an unknown price is not 0`() {
    let usage = Usage(prompt: 10, completion: 10, source: .reported)
    #expect(Self.cost(usage, []) == nil)
    #expect(Self.cost(usage, [.free]) == 0)
  }

  @Test(arguments: 0..<200)
  func `the dearest case is at least the cost of anything within it`(seed: UInt64) {
    var random = SplitMix(state: seed)
    func price() -> UInt64 { .random(in: 0...20_000_000, using: &random) }
    func maybe() -> UInt64? { Bool.random(using: &random) ? price() : nil }
    let prices = [0, 500, 900].map { above in
      TokenPrices(
        above: above, input: price(), output: price(), cacheRead: maybe(), cacheWrite: maybe(),
        cacheWriteLong: maybe(),
        reasoning: maybe(), audioIn: maybe(), audioOut: maybe())
    }
    let (prompt, output) = (Int.random(in: 0...1500, using: &random), Int.random(in: 0...1500, using: &random))
    let most = prices.costMax(prompt: prompt, output: output) ?? 0
    for _ in 0..<50 {
      func part() -> Int { .random(in: 0...1500, using: &random) }
      let usage = Usage(
        prompt: .random(in: 0...prompt, using: &random), completion: .random(in: 0...output, using: &random),
        source: .reported, cached: part(), cacheWritten: part(), cacheWrittenLong: part(), thinking: part(),
        audioIn: part(), audioOut: part())
      #expect(prices.cost(usage.breakdown) ?? 0 <= most)
    }
  }

  @Test(arguments: [
    (UInt64(0), "0.000000"), (1, "0.000001"), (1_234_567, "1.234567"), (10_000_000, "10.000000"),
  ])
  func `money is written with six decimals`(micro: UInt64, text: String) {
    var out: [UInt8] = []
    MicroUSD(value: micro).appendUSD(to: &out)
    #expect(String(decoding: out, as: UTF8.self) == text)
  }
}
