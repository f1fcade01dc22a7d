/// The amounts of a usage as they stand in a row: numbers of 64 bits with a sign, cut at the largest that are kept.
struct LedgerAmounts {
  let input: Int64
  let cacheRead: Int64
  let cacheWrite: Int64
  let cacheWriteLong: Int64
  let output: Int64
  let reasoning: Int64
  let audioIn: Int64
  let audioOut: Int64
  let limitTokens: Int64
  let cost: Int64?
  let charge: Int64

  init(_ usage: LedgerUsage) {
    input = Self.tokens(usage.input)
    cacheRead = Self.tokens(usage.cacheRead)
    cacheWrite = Self.tokens(usage.cacheWrite)
    cacheWriteLong = Self.tokens(usage.cacheWriteLong)
    output = Self.tokens(usage.output)
    reasoning = Self.tokens(usage.reasoning)
    audioIn = Self.tokens(usage.audioIn)
    audioOut = Self.tokens(usage.audioOut)
    // At most 8 times 2^40.
    let all = input + cacheRead + cacheWrite + cacheWriteLong + output + reasoning + audioIn + audioOut
    limitTokens = usage.limitTokens.map(Self.tokens) ?? all
    cost = usage.cost.map(Self.money)
    charge = Self.money(usage.charge)
  }

  static func tokens(_ count: Int) -> Int64 { max(0, min(Int64(count), LedgerSums.tokensMax)) }
  static func money(_ amount: UInt64) -> Int64 { min(Int64(clamping: amount), LedgerSums.costMax) }
}
