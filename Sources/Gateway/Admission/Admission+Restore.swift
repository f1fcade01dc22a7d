internal import Ledger

/// Restores what was used before the start, as the ledger knows it.
extension Admission {
  /// Counts everything that was used before the start. `read` reads a part of the past, and gives each piece to its second
  /// argument.
  func restore(
    at now: Instant, _ read: (LedgerPast, (LedgerUsed) -> Void) throws(LedgerError) -> Void
  ) throws(LedgerError) {
    try read(.ever) { restore($0, isEver: true, at: now) }
    if restoredTime > 0 {
      try read(.since((now.wall - restoredTime) / 1000)) { used in
        let age = max(0, now.wall - used.time &* 1000)
        restore(used, isEver: false, at: Instant(monotonic: max(0, now.monotonic - age), wall: now.wall - age))
      }
    }
    try read(.costs) { restoreCosts($0) }
    // The shares of budgets that were used by then are no news.
    for number in table.rows.indices { alertIfPassed(number) }
    _ = takeAlerts()
  }

  /// Counts what was used at a time before the start, in every allowance that it counts in. Earlier times come first.
  ///
  /// - Parameter isEver: Whether it is everything that was ever used, which allowances without a period count and all others
  ///   do not.
  private func restore(_ used: LedgerUsed, isEver: Bool, at time: Instant) {
    for (index, rule) in rules.enumerated() where rule.unit != .concurrent {
      guard (rule.period == .endless) == isEver, let subject = subject(of: used.key, rule) else { continue }
      let amount = amount(used, rule)
      if amount == 0 { continue }
      let number = table.number(of: subject, rule, at: index)
      table.advance(number, to: time)
      table.use(number, amount, at: time)
    }
  }

  /// Whose allowance counts what was used; `nil` if the rule is for others.
  private func subject(of key: LedgerKey, _ rule: AllowanceRule) -> AllowanceRule.Subject? {
    switch rule.per {
    case .pool: return key.pool == rule.name ? .pool : nil
    case .everyone: return .everyone
    case .key: return rule.isFor(key.caller) ? .key(key.callerID.map(CallerID.init(bits:))) : nil
    case .team:
      guard let team = key.team, rule.isFor(team) else { return nil }
      return .team(team)
    case .provider:
      guard !key.provider.isEmpty, rule.isFor(key.provider) else { return nil }
      return .provider(ProviderID(name: key.provider))
    case .model:
      guard !key.provider.isEmpty, rule.isFor(key.model) else { return nil }
      let isOwn = !table.hasManyModels || table.has(.model(key.model), rule)
      return .model(isOwn ? key.model : Spending.Table.others)
    }
  }

  private func amount(_ used: LedgerUsed, _ rule: AllowanceRule) -> UInt64 {
    let sums = used.sums
    switch rule.unit {
    case .concurrent: return 0
    case .requests:
      let isTarget = rule.per == .provider || rule.per == .model
      return UInt64(clamping: isTarget ? sums[.attempts] : sums[.admitted])
    case .tokens, .microUSD:
      // Tokens that a caller has used elsewhere count in the pool that it reports them to, and nowhere else.
      if used.key.provider.isEmpty, rule.per != .pool { return 0 }
      if rule.unit == .tokens { return UInt64(clamping: rule.isBudget ? sums.tokens : sums[.limitTokens]) }
      return charge(sums, rule)
    }
  }

  private func charge(_ sums: LedgerSums, _ rule: AllowanceRule) -> UInt64 {
    var charge = UInt64(clamping: sums[.charge])
    guard let price = rule.unknownPrice?.perMillion, sums[.unpriced] > 0 else { return charge }
    let cost = TokenPrices(input: price, output: price).cost(
      TokenBreakdown(input: Int(clamping: sums[.unpricedTokens])))
    charge.add(MicroUSD(picoUSDRoundedUp: cost).value)
    // Each was rounded up by less than one.
    charge.add(UInt64(clamping: sums[.unpriced] - 1))
    return charge
  }

  /// Counts costs from before the start.
  private func restoreCosts(_ used: LedgerUsed) {
    let sums = used.sums
    guard sums[.used] > 0 else { return }
    spending.add(
      Spending.Total(
        requests: UInt64(clamping: sums[.used]), promptTokens: UInt64(clamping: sums.promptTokens),
        completionTokens: UInt64(clamping: sums.completionTokens),
        cost: MicroUSD(value: UInt64(clamping: sums[.cost])), unpricedRequests: UInt64(clamping: sums[.unpriced])),
      provider: used.key.provider, model: used.key.model, caller: used.key.caller)
  }

  /// The longest time before now of which something still counts, in nanoseconds; 0 if nothing does.
  private var restoredTime: Int64 {
    rules.reduce(0) { longest, rule in
      switch rule.period {
      case .endless: longest
      case .sliding(let length): max(longest, length)
      case .calendar: max(longest, Self.longestCalendarPeriod)
      }
    }
  }

  /// A month of 31 days, in which the clock may be set back by an hour.
  private static let longestCalendarPeriod: Int64 = 32 * 86_400_000_000_000

  /// The name of the pool whose tokens a call uses; `nil` if it uses none.
  func poolName(_ name: String?, for caller: Caller) -> String? {
    if pools.isEmpty { return nil }
    guard let number = try? pool(name, for: caller) else { return nil }
    return pools.first { $0.number == number }?.name
  }
}

extension Admission.Target {
  /// The highest cost of an attempt in millionths of a US dollar; `nil` if the price is unknown.
  func costMax(_ worst: Admission.WorstCase) -> UInt64? {
    prices.costMax(prompt: worst.prompt, output: worst.output).map { MicroUSD(picoUSDRoundedUp: $0).value }
  }
}
