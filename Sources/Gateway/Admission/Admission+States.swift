/// Limits and budgets, as callers see them.
extension Admission {
  /// A limit or a budget of a caller.
  struct AllowanceState: Equatable {
    /// The budget's name; empty for a limit.
    var budget: String
    var per: AllowanceRule.Per
    var unit: AllowanceRule.Unit
    var period: String
    var limit: UInt64
    var used: UInt64
    var held: UInt64
    /// Seconds until all of it is available again; `nil` if it never is.
    var resetSeconds: Int?
  }

  /// The limits of a call's caller; `nil` if it has none.
  func rateLimits(of entry: Entry, at time: @autoclosure () -> Instant) -> RateLimits? {
    if entry.allowances.all.isEmpty { return nil }
    let now = time()
    var limits = RateLimits(now: UInt64(clamping: now.wall / 1_000_000_000))
    for number in entry.allowances.all {
      let unit = table.rows[number].unit
      guard !table.rows[number].isBudget, unit == .requests || unit == .tokens else { continue }
      table.advance(number, to: now)
      let limit = RateLimits.Limit(
        limit: table.rows[number].allowance.limit, remaining: table.rows[number].allowance.available,
        resetSeconds: table.rows[number].allowance.reset(at: now).map { $0 > 0 ? UInt64(Self.seconds($0)) : 0 } ?? 0
      )
      if unit == .requests {
        if limit.isTighter(than: limits.requests) { limits.requests = limit }
      } else if limit.isTighter(than: limits.tokens) {
        limits.tokens = limit
      }
    }
    return limits.requests == nil && limits.tokens == nil ? nil : limits
  }

  /// The limits and budgets of a caller, of its team, and of everyone.
  func states(of caller: Caller, at now: Instant) -> [AllowanceState] {
    allowanceNumbers(of: caller).compactMap { number in
      table.advance(number, to: now)
      let row = table.rows[number]
      guard let index = row.rule else { return nil }
      return AllowanceState(
        budget: rules[index].name, per: rules[index].per, unit: row.unit, period: row.allowance.periodText,
        limit: row.allowance.limit, used: row.allowance.used, held: row.allowance.held,
        resetSeconds: row.allowance.reset(at: now).map { Int(clamping: $0 / 1_000_000_000) })
    }
  }
}
