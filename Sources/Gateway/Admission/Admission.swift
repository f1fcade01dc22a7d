/// Decides whether a call is allowed, and accounts for what it uses: `enter` and `leave` once per call, `hold` and `settle`
/// once per attempt.
///
/// Every counter is a plain value on the loop's thread, so the sums are exact whatever runs at the same time: a worst case
/// is held in every allowance in one step, or in none.
final class Admission {
  /// A call that was admitted, until it leaves.
  ///
  /// A class, because most calls of a caller share one.
  final class Entry {
    let caller: Caller
    fileprivate let poolName: String?
    /// The allowances of its caller, by the rules of this generation.
    fileprivate(set) var allowances: Allowances
    /// That of its pool.
    fileprivate(set) var pool: Int?
    fileprivate(set) var generation: Int
    /// The allowances of requests at a time, in which it is held.
    fileprivate var running: [Int] = []
    /// The caller's number in the spending.
    let account: Int

    fileprivate init(_ caller: Caller, pool: String?, _ allowances: Allowances, generation: Int, account: Int) {
      self.caller = caller
      poolName = pool
      self.allowances = allowances
      self.generation = generation
      self.account = account
    }
  }

  /// The numbers of the allowances of a caller, of its team, and of everyone.
  struct Allowances {
    var all: [Int] = []
    /// Those of requests, now and at a time: a call is counted in them as it enters.
    var calls: [Int] = []
    /// Those of tokens and of money, in which an attempt is held.
    var attempts: [Int] = []
    /// Whether there is one of requests at a time.
    var limitsConcurrency = false

    mutating func append(_ number: Int, _ unit: AllowanceRule.Unit) {
      all.append(number)
      switch unit {
      case .requests, .concurrent: calls.append(number)
      case .tokens, .microUSD: attempts.append(number)
      }
      if unit == .concurrent { limitsConcurrency = true }
    }
  }

  /// The target of attempts: a model at a provider. A class, because all attempts at it share one.
  final class Target: Sendable {
    let id: ProviderID
    let provider: String
    let model: String
    /// The prices of the model's tokens; empty if they are unknown.
    let prices: [TokenPrices]
    /// The most tokens of an answer; `nil` if that is unknown.
    let outputMax: Int?
    /// The numbers of provider and model in the spending.
    let accounts: (provider: Int, model: Int)

    fileprivate init(
      _ id: ProviderID, _ provider: String, _ model: String, _ prices: [TokenPrices], outputMax: Int?,
      accounts: (provider: Int, model: Int)
    ) {
      self.id = id
      self.provider = provider
      self.model = model
      self.prices = prices
      self.outputMax = outputMax
      self.accounts = accounts
    }
  }

  /// A rejection by an allowance.
  struct Rejection: Error {
    var apiError: APIError
    /// Whether it is the provider's or the model's allowance, so that another candidate may do.
    var isTarget: Bool
  }

  /// A share of a budget that was used for the first time in its period.
  struct Alert: Equatable {
    var budget: String
    var subject: String
    var used: UInt64
    var limit: UInt64
    var unit: AllowanceRule.Unit
  }

  private struct CallerRow {
    let name: String
    /// The entry of its calls that are in no pool and have no limit of requests at a time.
    let entry: Entry
  }

  private struct TargetKey: Hashable {
    var provider: ProviderID
    var model: String
  }

  var table = AllowanceTable()
  var spending = Spending()
  private(set) var rules: [AllowanceRule]
  /// Counts the reloads of the rules.
  private(set) var generation = 0
  var reservations = Reservations()
  var holds = HoldTable()
  /// The allowances by whom they are for. Each list is made once, and again after a reload.
  private var callers: [CallerID?: CallerRow] = [:]
  /// That of callers without a key.
  private var anonymous: CallerRow?
  private var targetLists: [TargetKey: [Int]] = [:]
  private(set) var pools: [(name: String, number: Int)] = []
  private var alerts: [Alert] = []
  /// Alerts that wait at most.
  private static let alertsMax = 256

  init(_ rules: [AllowanceRule] = []) {
    self.rules = rules
    makePools()
  }

  /// Uses other rules and keys from here on. A rule that stays keeps its used and held amounts.
  func replace(_ rules: [AllowanceRule]) {
    // A key of the same name may have other models, another team, or other rights now.
    callers = [:]
    anonymous = nil
    generation += 1
    if rules == self.rules { return }
    self.rules = rules
    table.forgetRules()
    makePools()
    // Those that are seen again find their allowances by the rules; the others are kept for as long as they are used.
    targetLists = [:]
    for (index, rule) in rules.enumerated() { table.keep(rule, at: index) }
    table.removeUnruled()
  }

  private func makePools() {
    pools = []
    for (index, rule) in rules.enumerated() where rule.per == .pool {
      pools.append((rule.name, table.number(of: .pool, rule, at: index)))
    }
  }

  // MARK: Lists

  private func row(_ caller: Caller) -> CallerRow {
    if caller.key == nil, let anonymous { return anonymous }
    if let row = callers[caller.id] { return row }
    let entry = Entry(
      caller, pool: nil, allowances(of: caller), generation: generation,
      account: spending.callers.number(caller.name))
    let row = CallerRow(name: caller.name, entry: entry)
    callers[caller.id] = row
    if caller.key == nil { anonymous = row }
    return row
  }

  /// Finds or makes the allowances of a caller.
  private func allowances(of caller: Caller) -> Allowances {
    var allowances = Allowances()
    for (index, rule) in rules.enumerated() {
      let subject: AllowanceRule.Subject
      switch rule.per {
      case .everyone: subject = .everyone
      case .key where rule.isFor(caller.name): subject = .key(caller.id)
      case .team:
        guard let team = caller.key?.team, rule.isFor(team) else { continue }
        subject = .team(team)
      case .key, .pool, .provider, .model: continue
      }
      allowances.append(table.number(of: subject, rule, at: index), rule.unit)
    }
    return allowances
  }

  /// The numbers of the allowances of a caller, of its team, and of everyone.
  func allowanceNumbers(of caller: Caller) -> [Int] { row(caller).entry.allowances.all }

  /// The numbers of the allowances of a target.
  func allowanceNumbers(of target: Target, at now: Instant) -> [Int] {
    let key = TargetKey(provider: target.id, model: target.model)
    if let list = targetLists[key] { return list }
    if table.hasManyModels, table.removeIdleModels(at: now) { targetLists = [:] }
    var list: [Int] = []
    for (index, rule) in rules.enumerated() {
      switch rule.per {
      case .provider where rule.isFor(target.provider):
        list.append(table.number(of: .provider(target.id), rule, at: index))
      case .model where rule.isFor(target.model):
        // Where too many models are in use, the rest have an allowance together.
        let isOwn = !table.hasManyModels || table.has(.model(target.model), rule)
        let name = isOwn ? target.model : Spending.Table.others
        list.append(table.number(of: .model(name), rule, at: index))
      case .provider, .model, .everyone, .key, .team, .pool: break
      }
    }
    if targetLists.count >= AllowanceTable.modelsMax { targetLists = [:] }
    targetLists[key] = list
    return list
  }

  // MARK: Calls

  /// Admits a call, or rejects it. Once, before the first attempt; `leave` ends it.
  ///
  /// - Parameter pool: The pool that the request names; `nil` if it names none.
  func enter(
    _ caller: Caller, model: String, pool: String?, at time: @autoclosure () -> Instant
  ) throws(APIError) -> Entry {
    try check(caller, model: model)
    let entry = try entry(caller, pool: pool)
    if entry.allowances.calls.isEmpty { return entry }
    let now = time()
    for number in entry.allowances.calls where !table.has(1, in: number, at: now) {
      throw exceeded(number, 1, WorstCase(), at: now)
    }
    for number in entry.allowances.calls {
      if table.rows[number].unit == .requests {
        table.use(number, 1, at: now)
      } else {
        table.hold(number, 1)
        entry.running.append(number)
      }
    }
    return entry
  }

  private func entry(_ caller: Caller, pool: String?) throws(APIError) -> Entry {
    let shared = row(caller).entry
    if pools.isEmpty, pool == nil, !shared.allowances.limitsConcurrency { return shared }
    let entry = Entry(
      caller, pool: pool, shared.allowances, generation: generation, account: shared.account)
    entry.pool = try self.pool(pool, for: caller)
    return entry
  }

  /// Checks that a caller may use a model.
  func check(_ caller: Caller, model: String) throws(APIError) {
    if let key = caller.key, !key.mayUse(model: model) { throw Self.modelForbidden(key, model) }
  }

  /// An admitted call is over.
  func leave(_ entry: Entry) {
    for number in entry.running { table.giveBack(number, 1, isOver: true) }
  }

  /// Returns the target of attempts at a provider and a model.
  func target(
    _ id: ProviderID, _ provider: String, _ model: String, prices: [TokenPrices], outputMax: Int? = nil
  ) -> Target {
    Target(
      id, provider, model, prices, outputMax: outputMax,
      accounts: (spending.providers.number(provider), spending.models.number(model)))
  }

  /// Finds the allowances of a call again after a reload.
  func renew(_ entry: Entry) {
    // Not that of the caller's present key, which may be another one.
    entry.allowances = allowances(of: entry.caller)
    // The call was admitted: a pool that is gone, or closed to it, limits it no longer.
    entry.pool = try? pool(entry.poolName, for: entry.caller)
    entry.generation = generation
  }

  /// Forgets what was used and what it cost. Budgets and limits stay.
  func resetSpending() { spending.reset() }

  // MARK: Alerts

  func alertIfPassed(_ number: Int) {
    guard let index = table.rows[number].rule, !rules[index].thresholds.isEmpty,
      table.passed(number, rules[index].thresholds), alerts.count < Self.alertsMax
    else { return }
    let row = table.rows[number]
    alerts.append(
      Alert(
        budget: rules[index].name, subject: row.subject.text(name(of:)), used: row.allowance.used,
        limit: row.allowance.limit,
        unit: row.unit))
  }

  /// The name of a caller that was admitted since the last reload.
  func name(of caller: CallerID?) -> String { callers[caller]?.name ?? Caller.anonymous.name }

  /// The total of a caller.
  func spent(by caller: Caller) -> Spending.Total { spending.callers.totals[row(caller).entry.account].total }

  /// Takes the alerts that are to be published.
  func takeAlerts() -> [Alert] {
    if alerts.isEmpty { return [] }
    defer { alerts = [] }
    return alerts
  }
}
