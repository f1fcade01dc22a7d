/// The prices of a model's tokens by class, in millionths of a US dollar per million tokens (10^-12 US dollars per token).
/// A class without a price has that of the class that it is part of.
struct TokenPrices: Equatable, Sendable {
  /// The number of prompt tokens above which these prices apply, to all tokens.
  var above = 0
  var input: UInt64
  var output: UInt64
  var cacheRead: UInt64?
  var cacheWrite: UInt64?
  /// The price of caching for an hour rather than for minutes.
  var cacheWriteLong: UInt64?
  var reasoning: UInt64?
  var audioIn: UInt64?
  var audioOut: UInt64?

  /// The prices of a model that costs nothing.
  static let free = TokenPrices(input: 0, output: 0)

  /// Returns the cost of tokens in 10^-12 US dollars; saturates.
  func cost(_ spent: TokenBreakdown) -> UInt64 {
    var sum = part(spent.input, input)
    sum.add(part(spent.output, output))
    sum.add(part(spent.cacheRead, cacheRead ?? input))
    sum.add(part(spent.cacheWrite, cacheWrite ?? input))
    sum.add(part(spent.cacheWriteLong, cacheWriteLong ?? cacheWrite ?? input))
    sum.add(part(spent.reasoning, reasoning ?? output))
    sum.add(part(spent.audioIn, audioIn ?? input))
    sum.add(part(spent.audioOut, audioOut ?? output))
    return sum
  }

  private func part(_ tokens: Int, _ price: UInt64) -> UInt64 {
    let (cost, overflow) = UInt64(clamping: tokens).multipliedReportingOverflow(by: price)
    return overflow ? .max : cost
  }
}

extension [TokenPrices] {
  /// Returns the prices for a prompt length, of a list that has the lowest `above` first; `nil` if the list is empty.
  func prices(forPrompt tokens: Int) -> TokenPrices? {
    if isEmpty { return nil }
    var index = count - 1
    while index > 0, self[index].above > tokens { index -= 1 }
    return self[index]
  }

  /// Returns the cost of tokens in 10^-12 US dollars; `nil` if the list is empty: the price is unknown, which is not 0.
  func cost(_ spent: TokenBreakdown) -> UInt64? { prices(forPrompt: spent.prompt)?.cost(spent) }

  /// Returns the largest cost of a prompt and an answer with at most these numbers of tokens, whatever their classes, in
  /// 10^-12 US dollars; `nil` if the price is unknown.
  func costMax(prompt: Int, output: Int) -> UInt64? {
    if isEmpty { return nil }
    var most: UInt64 = 0
    for prices in self where prices.above <= prompt {
      let input = Swift.max(
        prices.input, prices.cacheRead ?? 0, prices.cacheWrite ?? 0, prices.cacheWriteLong ?? 0, prices.audioIn ?? 0
      )
      let written = Swift.max(prices.output, prices.reasoning ?? 0, prices.audioOut ?? 0)
      let worst = TokenPrices(input: input, output: written)
      most = Swift.max(most, worst.cost(TokenBreakdown(input: prompt, output: output)))
    }
    return most
  }
}

/// The tokens of a request by class; each token is in one class.
struct TokenBreakdown: Equatable, Sendable {
  var input = 0
  var cacheRead = 0
  var cacheWrite = 0
  var cacheWriteLong = 0
  var output = 0
  var reasoning = 0
  var audioIn = 0
  var audioOut = 0

  /// All input tokens.
  var prompt: Int {
    var sum: UInt64 = 0
    sum.add(UInt64(clamping: input))
    sum.add(UInt64(clamping: cacheRead))
    sum.add(UInt64(clamping: cacheWrite))
    sum.add(UInt64(clamping: cacheWriteLong))
    sum.add(UInt64(clamping: audioIn))
    return Int(clamping: sum)
  }
}

/// An amount of money in millionths of a US dollar.
struct MicroUSD: Equatable, Comparable, Hashable, Sendable {
  var value: UInt64

  static let zero = MicroUSD(value: 0)

  init(value: UInt64) { self.value = value }

  /// An amount in US dollars, rounded.
  init(usd: Double) { value = UInt64(Swift.max(0, Swift.min(usd * 1e6, 1e18)).rounded()) }

  /// The amount of a cost in 10^-12 US dollars, rounded once, half up.
  init(picoUSD: UInt64) {
    value = picoUSD / 1_000_000 + (picoUSD % 1_000_000 >= 500_000 ? 1 : 0)
  }

  /// The smallest amount that is not less than a cost in 10^-12 US dollars.
  init(picoUSDRoundedUp pico: UInt64) {
    value = pico / 1_000_000 + (pico % 1_000_000 > 0 ? 1 : 0)
  }

  static func < (left: MicroUSD, right: MicroUSD) -> Bool { left.value < right.value }

  /// Appends the amount in US dollars as a JSON number with six decimals.
  func appendUSD(to out: inout [UInt8]) {
    out.append(decimal: Int(clamping: value / 1_000_000))
    out.append(".")
    var unit: UInt64 = 100_000
    while unit > 0 {
      out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / unit % 10))
      unit /= 10
    }
  }
}

extension UInt64 {
  /// Adds a number, saturating.
  mutating func add(_ other: UInt64) {
    let (sum, overflow) = addingReportingOverflow(other)
    self = overflow ? .max : sum
  }

  /// Subtracts a number, down to 0.
  mutating func remove(_ other: UInt64) { self = self > other ? self - other : 0 }
}
