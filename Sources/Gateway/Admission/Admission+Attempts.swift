/// The holds of attempts, and the amounts that they have used in the end.
extension Admission {
  /// The most that an attempt may use.
  struct WorstCase: Equatable, Sendable {
    /// Tokens of the prompt: one for each byte of the request.
    var prompt = 0
    /// Tokens of the answer.
    var output = 0
    /// The tokens that it probably uses, by which limits of tokens go.
    var expected = 0

    /// All tokens.
    fileprivate var tokens: UInt64 {
      var sum = UInt64(clamping: prompt)
      sum.add(UInt64(clamping: output))
      return sum
    }
  }

  /// The reserved worst case of one attempt.
  struct Hold {
    /// The number of its amounts; `nil` if no allowance holds any.
    fileprivate let number: Int?
    fileprivate let account: Int
    let target: Target

    /// Returns the cost of what was used; `nil` if the price is unknown.
    func cost(of usage: Usage) -> MicroUSD? {
      guard let cost = target.prices.cost(usage.breakdown) else { return nil }
      return MicroUSD(picoUSD: cost)
    }
  }

  /// Reserves the worst case of an attempt in every allowance, or rejects it and reserves nothing. `settle` ends it.
  ///
  /// - Parameter continues: Whether the attempt runs already, for another caller: its request was counted.
  func hold(
    _ entry: Entry, _ target: Target, _ worst: WorstCase, continues: Bool = false,
    at time: @autoclosure () -> Instant
  ) throws(Rejection) -> Hold {
    if let key = entry.caller.key, !key.mayUse(provider: target.provider) {
      throw Rejection(apiError: Self.providerForbidden(key), isTarget: true)
    }
    if rules.isEmpty { return Hold(number: nil, account: entry.account, target: target) }
    let now = time()
    giveBackExpired(at: now)
    if entry.generation != generation { renew(entry) }
    let ofTarget = allowanceNumbers(of: target, at: now)
    let number = holds.begin()
    do throws(Rejection) {
      try hold(entry.allowances.attempts, target, worst, isTarget: false, for: number, at: now)
      try hold(ofTarget, target, worst, isTarget: true, continues: continues, for: number, at: now)
      if let pool = entry.pool { try hold([pool], target, worst, isTarget: false, for: number, at: now) }
    } catch {
      for index in holds.indices(of: number) {
        let part = holds[number, index]
        table.giveBack(part.allowance, part.amount, isOver: true)
      }
      holds.end(number)
      throw error
    }
    // Requests count as they begin, and cannot be given back.
    if !continues {
      for allowance in ofTarget where table.rows[allowance].unit == .requests { table.use(allowance, 1, at: now) }
    }
    return Hold(number: number, account: entry.account, target: target)
  }

  /// Holds what an attempt needs of some allowances, up to the first in which it is not available.
  private func hold(
    _ list: [Int], _ target: Target, _ worst: WorstCase, isTarget: Bool, continues: Bool = false, for hold: Int,
    at now: Instant
  ) throws(Rejection) {
    for number in list {
      let unit = table.rows[number].unit
      if continues, unit == .requests { continue }
      let amount: UInt64
      switch unit {
      case .requests, .concurrent: amount = 1
      case .tokens: amount = table.rows[number].isBudget ? worst.tokens : UInt64(clamping: worst.expected)
      case .microUSD:
        guard let most = costMax(target, worst, number) else {
          throw Rejection(apiError: unknownPrice(number, target), isTarget: true)
        }
        amount = most.value
      }
      if !table.has(amount, in: number, at: now) {
        // Another candidate may be cheaper.
        throw Rejection(
          apiError: exceeded(number, amount, worst, at: now), isTarget: isTarget || unit == .microUSD)
      }
      if unit == .requests { continue }
      table.hold(number, amount)
      holds.add(HoldTable.Part(allowance: number, unit: unit, amount: amount), to: hold)
    }
  }

  private func costMax(_ target: Target, _ worst: WorstCase, _ number: Int) -> MicroUSD? {
    prices(of: target, number).costMax(prompt: worst.prompt, output: worst.output).map {
      MicroUSD(picoUSDRoundedUp: $0)
    }
  }

  /// The prices of a target, or those that a budget states for models without a known price; empty if it states none.
  private func prices(of target: Target, _ number: Int) -> [TokenPrices] {
    guard target.prices.isEmpty else { return target.prices }
    guard let rule = table.rows[number].rule, let price = rules[rule].unknownPrice else { return [] }
    return [TokenPrices(input: price.perMillion, output: price.perMillion)]
  }

  /// Replaces a hold by what was used, which is `nil` if the attempt used nothing. Exactly once per hold.
  ///
  /// - Parameter cost: The hold's cost of the usage.
  func settle(_ hold: Hold, _ usage: Usage?, _ cost: MicroUSD?, at time: @autoclosure () -> Instant) {
    if let number = hold.number {
      let now = time()
      for index in holds.indices(of: number) {
        let part = holds[number, index]
        let used: UInt64 =
          switch part.unit {
          case .requests, .concurrent: 0
          case .tokens: UInt64(clamping: usage?.total ?? 0)
          case .microUSD: usage.map { charge(for: $0, hold.target, part.allowance) } ?? 0
          }
        if table.settle(part.allowance, part.amount, used: used, at: now) { alertIfPassed(part.allowance) }
      }
      holds.end(number)
    }
    guard let usage else { return }
    spending.add(
      usage, cost, provider: hold.target.accounts.provider, model: hold.target.accounts.model,
      caller: hold.account)
  }

  /// The charge of a budget for what was used, rounded up: many small requests must not cost nothing.
  private func charge(for usage: Usage, _ target: Target, _ number: Int) -> UInt64 {
    prices(of: target, number).cost(usage.breakdown).map { MicroUSD(picoUSDRoundedUp: $0).value } ?? 0
  }
}
