/// Every allowance, by its rule and by whom it is for. A number stays the same for as long as something is held in it.
struct AllowanceTable {
  /// Allowances of models that are kept. Beyond it, models that are not used at present lose theirs.
  static let modelsMax = 4096

  fileprivate struct ID: Hashable {
    let rule: AllowanceRule.Identity
    let subject: AllowanceRule.Subject
  }

  struct Row {
    var allowance: Allowance
    fileprivate let id: ID
    let unit: AllowanceRule.Unit
    let isBudget: Bool
    /// The rule's index in the present configuration; `nil` if it has none any more.
    fileprivate(set) var rule: Int?
    /// The number of amounts that are held in it.
    fileprivate var holds = 0
    /// The highest threshold that was published, in thousandths.
    fileprivate var published = 0

    var subject: AllowanceRule.Subject { id.subject }
  }

  private(set) var rows: [Row] = []
  private var numbers: [ID: Int] = [:]
  private var free: [Int] = []
  private var modelCount = 0
  /// When allowances of idle models were last removed.
  private var lastRemoval: Int64?

  /// Returns the number of an allowance, which is made if there is none.
  mutating func number(of subject: AllowanceRule.Subject, _ rule: AllowanceRule, at index: Int) -> Int {
    let id = ID(rule: rule.identity, subject: subject)
    if let number = numbers[id] {
      rows[number].rule = index
      rows[number].allowance.limit = rule.limit
      return number
    }
    let row = Row(
      allowance: Allowance(limit: rule.limit, rule.period), id: id, unit: rule.unit, isBudget: rule.isBudget,
      rule: index)
    let number: Int
    if let last = free.popLast() {
      number = last
      rows[number] = row
    } else {
      number = rows.count
      rows.append(row)
    }
    numbers[id] = number
    if case .model = subject { modelCount += 1 }
    return number
  }

  /// Whether models that are not in use should lose their allowances, because there are many.
  var hasManyModels: Bool { modelCount >= Self.modelsMax }

  /// Whether there is an allowance.
  func has(_ subject: AllowanceRule.Subject, _ rule: AllowanceRule) -> Bool {
    numbers[ID(rule: rule.identity, subject: subject)] != nil
  }

  /// Removes the allowances of models of which nothing is used or held, at most once a second; returns whether it did.
  mutating func removeIdleModels(at now: Instant) -> Bool {
    if let lastRemoval, now.monotonic - lastRemoval < 1_000_000_000 { return false }
    lastRemoval = now.monotonic
    for number in rows.indices {
      guard case .model = rows[number].id.subject, numbers[rows[number].id] == number else { continue }
      rows[number].allowance.advance(to: now)
      if rows[number].holds == 0, rows[number].allowance.used == 0 { remove(number) }
    }
    return true
  }

  /// Forgets every rule. Those that are configured are found again by `number`; the others end with what they hold.
  mutating func forgetRules() {
    for number in rows.indices { rows[number].rule = nil }
  }

  /// Gives a rule's allowances its present index and limit.
  mutating func keep(_ rule: AllowanceRule, at index: Int) {
    let identity = rule.identity
    for number in rows.indices where rows[number].id.rule == identity && numbers[rows[number].id] == number {
      rows[number].rule = index
      rows[number].allowance.limit = rule.limit
    }
  }

  /// Removes the allowances without a rule in which nothing is held.
  mutating func removeUnruled() {
    for number in rows.indices where rows[number].rule == nil && rows[number].holds == 0 {
      if numbers[rows[number].id] == number { remove(number) }
    }
  }

  private mutating func remove(_ number: Int) {
    if case .model = rows[number].id.subject { modelCount -= 1 }
    numbers[rows[number].id] = nil
    free.append(number)
  }

  // MARK: One allowance

  mutating func advance(_ number: Int, to now: Instant) { rows[number].allowance.advance(to: now) }

  /// Whether an amount is available now.
  mutating func has(_ amount: UInt64, in number: Int, at now: Instant) -> Bool {
    rows[number].allowance.advance(to: now)
    return rows[number].allowance.available >= amount
  }

  mutating func hold(_ number: Int, _ amount: UInt64) {
    rows[number].allowance.hold(amount)
    rows[number].holds += 1
  }

  /// Replaces a held amount by what was used; returns whether a threshold of a budget may have been passed.
  mutating func settle(_ number: Int, _ amount: UInt64, used: UInt64, at now: Instant) -> Bool {
    rows[number].allowance.advance(to: now)
    rows[number].allowance.use(used, at: now)
    let mayAlert = used > 0 && rows[number].isBudget
    giveBack(number, amount, isOver: true)
    return mayAlert
  }

  /// Gives back a part of what is held, or the last part of it.
  mutating func giveBack(_ number: Int, _ amount: UInt64, isOver: Bool) {
    rows[number].allowance.giveBack(amount)
    if !isOver { return }
    rows[number].holds -= 1
    if rows[number].rule == nil, rows[number].holds == 0 { remove(number) }
  }

  mutating func use(_ number: Int, _ amount: UInt64, at now: Instant) {
    rows[number].allowance.use(amount, at: now)
  }

  /// Whether more of some shares of the limit, in thousandths, are used than the last time in this period.
  mutating func passed(_ number: Int, _ thresholds: [Int]) -> Bool {
    let (used, limit) = (rows[number].allowance.used, rows[number].allowance.limit)
    let (product, overflow) = used.multipliedReportingOverflow(by: 1000)
    let share = overflow || limit == 0 ? .max : Int(clamping: product / limit)
    let highest = thresholds.filter { $0 <= share }.max() ?? 0
    defer { rows[number].published = highest }
    return highest > rows[number].published
  }
}
