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

  /// The limits and budgets of a caller, of its team, and of everyone.
  func states(of caller: Caller, at now: Instant) -> [AllowanceState] {
    list(of: caller).compactMap { number in
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
