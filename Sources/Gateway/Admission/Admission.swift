/// Decides whether a call is allowed, and accounts for what it uses: `enter` and `leave` once per call, `hold` and `settle`
/// once per attempt.
///
/// Every counter is a plain value on the loop's thread, so the sums are exact whatever runs at the same time: a worst case
/// is held in every allowance in one step, or in none.
final class Admission {
  /// A call that was admitted, until it leaves.
  ///
  /// A class, because the calls of a caller without allowances share one.
  final class Entry {
    let caller: Caller
    fileprivate let poolName: String?
    /// The allowances of its caller and of its pool, by the rules of this generation.
    fileprivate var list: [Int]
    fileprivate var pool: Int?
    fileprivate var generation: Int
    /// The allowances of requests at a time, in which it is held.
    fileprivate var running: [Int] = []
    /// The caller's number in the spending.
    fileprivate let account: Int

    fileprivate init(_ caller: Caller, pool: String?, _ list: [Int], generation: Int, account: Int) {
      self.caller = caller
      poolName = pool
      self.list = list
      self.generation = generation
      self.account = account
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
    fileprivate let accounts: (provider: Int, model: Int)

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
    fileprivate struct Part {
      var number: Int
      var amount: UInt64
    }

    fileprivate var parts: [Part] = []
    fileprivate let account: Int
    let target: Target

    /// Returns the cost of what was used; `nil` if the price is unknown.
    func cost(of usage: Usage) -> MicroUSD? {
      guard let cost = target.prices.cost(usage.breakdown) else { return nil }
      return MicroUSD(picoUSD: cost)
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
    let list: [Int]
    let account: Int
    /// The entry of its calls that name no pool, if it has no allowances.
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
  private var generation = 0
  var reservations = Reservations()
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
    let list = allowances(of: caller)
    let account = spending.callers.number(caller.name)
    let entry = Entry(caller, pool: nil, list, generation: generation, account: account)
    let row = CallerRow(name: caller.name, list: list, account: account, entry: entry)
    callers[caller.id] = row
    if caller.key == nil { anonymous = row }
    return row
  }

  /// Finds or makes the allowances of a caller.
  private func allowances(of caller: Caller) -> [Int] {
    var list: [Int] = []
    for (index, rule) in rules.enumerated() {
      switch rule.per {
      case .everyone: list.append(table.number(of: .everyone, rule, at: index))
      case .key where rule.isFor(caller.name): list.append(table.number(of: .key(caller.id), rule, at: index))
      case .team:
        if let team = caller.key?.team, rule.isFor(team) {
          list.append(table.number(of: .team(team), rule, at: index))
        }
      case .key, .pool, .provider, .model: break
      }
    }
    return list
  }

  /// The allowances of a caller, of its team, and of everyone.
  func list(of caller: Caller) -> [Int] { row(caller).list }

  private func list(_ target: Target, at now: Instant) -> [Int] {
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
    let row = row(caller)
    if row.list.isEmpty, pools.isEmpty, pool == nil { return row.entry }
    let entry = Entry(caller, pool: pool, row.list, generation: generation, account: row.account)
    if pool != nil || !pools.isEmpty { entry.pool = try self.pool(pool, for: caller) }
    let now = time()
    for number in entry.list {
      let unit = table.rows[number].unit
      guard unit == .requests || unit == .concurrent else { continue }
      table.advance(number, to: now)
      if table.rows[number].allowance.available == 0 { throw exceeded(number, 1, WorstCase(), at: now) }
    }
    for number in entry.list {
      switch table.rows[number].unit {
      case .requests: table.use(number, 1, at: now)
      case .concurrent:
        table.hold(number, 1)
        entry.running.append(number)
      case .tokens, .microUSD: break
      }
    }
    return entry
  }

  /// Checks that a caller may use a model.
  func check(_ caller: Caller, model: String) throws(APIError) {
    if let key = caller.key, !key.mayUse(model: model) { throw Self.modelForbidden(key, model) }
  }

  /// An admitted call is over.
  func leave(_ entry: Entry, at now: @autoclosure () -> Instant) {
    for number in entry.running { table.settle(number, 1, used: 0, at: now()) }
  }

  /// Returns the target of attempts at a provider and a model.
  func target(
    _ id: ProviderID, _ provider: String, _ model: String, prices: [TokenPrices], outputMax: Int? = nil
  ) -> Target {
    Target(
      id, provider, model, prices, outputMax: outputMax,
      accounts: (spending.providers.number(provider), spending.models.number(model)))
  }

  /// Reserves the worst case of an attempt in every allowance, or rejects it and reserves nothing. `settle` ends it.
  func hold(
    _ entry: Entry, _ target: Target, _ worst: WorstCase, at time: @autoclosure () -> Instant
  ) throws(Rejection) -> Hold {
    if let key = entry.caller.key, !key.mayUse(provider: target.provider) {
      throw Rejection(apiError: Self.providerForbidden(key), isTarget: true)
    }
    var hold = Hold(account: entry.account, target: target)
    if rules.isEmpty { return hold }
    let now = time()
    giveBackExpired(at: now)
    if entry.generation != generation { renew(entry) }
    try add(entry.list, isTarget: false, to: &hold, worst, at: now)
    try add(list(target, at: now), isTarget: true, to: &hold, worst, at: now)
    if let pool = entry.pool { try add([pool], isTarget: false, to: &hold, worst, at: now) }
    // Requests count as they begin, and cannot be given back.
    for part in hold.parts where table.rows[part.number].unit == .requests { table.use(part.number, 1, at: now) }
    hold.parts.removeAll { table.rows[$0.number].unit == .requests }
    for part in hold.parts { table.hold(part.number, part.amount) }
    return hold
  }

  /// Finds the allowances of a call again after a reload.
  private func renew(_ entry: Entry) {
    // Not that of the caller's present key, which may be another one.
    entry.list = allowances(of: entry.caller)
    // The call was admitted: a pool that is gone, or closed to it, limits it no longer.
    entry.pool = try? pool(entry.poolName, for: entry.caller)
    entry.generation = generation
  }

  /// Adds what an attempt needs of some allowances to its hold, and checks that it is available.
  private func add(
    _ list: [Int], isTarget: Bool, to hold: inout Hold, _ worst: WorstCase, at now: Instant
  ) throws(Rejection) {
    for number in list {
      let row = table.rows[number]
      let amount: UInt64
      switch row.unit {
      // The caller's were counted as it entered.
      case .requests, .concurrent:
        if !isTarget { continue }
        amount = 1
      case .tokens: amount = row.isBudget ? worst.tokens : UInt64(clamping: worst.expected)
      case .microUSD:
        guard let most = costMax(hold.target, worst, row) else {
          throw Rejection(apiError: unknownPrice(row, hold.target), isTarget: true)
        }
        amount = most.value
      }
      table.advance(number, to: now)
      if table.rows[number].allowance.available < amount {
        // Another candidate may be cheaper.
        throw Rejection(
          apiError: exceeded(number, amount, worst, at: now), isTarget: isTarget || row.unit == .microUSD)
      }
      hold.parts.append(Hold.Part(number: number, amount: amount))
    }
  }

  private func costMax(_ target: Target, _ worst: WorstCase, _ row: AllowanceTable.Row) -> MicroUSD? {
    prices(of: target, row).costMax(prompt: worst.prompt, output: worst.output).map {
      MicroUSD(picoUSDRoundedUp: $0)
    }
  }

  /// The prices of a target, or those that a budget states for models without a known price; empty if it states none.
  private func prices(of target: Target, _ row: AllowanceTable.Row) -> [TokenPrices] {
    guard target.prices.isEmpty else { return target.prices }
    guard let index = row.rule, let price = rules[index].unknownPrice else { return [] }
    return [TokenPrices(input: price.perMillion, output: price.perMillion)]
  }

  /// Replaces a hold by what was used, which is `nil` if the attempt used nothing. Exactly once per hold.
  ///
  /// - Parameter cost: The hold's cost of the usage.
  func settle(_ hold: Hold, _ usage: Usage?, _ cost: MicroUSD?, at now: @autoclosure () -> Instant) {
    for part in hold.parts {
      let row = table.rows[part.number]
      let used: UInt64 =
        switch row.unit {
        case .requests, .concurrent: 0
        case .tokens: UInt64(clamping: usage?.total ?? 0)
        case .microUSD: usage.map { charge(for: $0, hold.target, row) } ?? 0
        }
      table.settle(part.number, part.amount, used: used, at: now())
      if used > 0, row.isBudget { alertIfPassed(part.number) }
    }
    guard let usage else { return }
    spending.add(
      usage, cost, provider: hold.target.accounts.provider, model: hold.target.accounts.model,
      caller: hold.account)
  }

  /// The charge of a budget for what was used, rounded up: many small requests must not cost nothing.
  private func charge(for usage: Usage, _ target: Target, _ row: AllowanceTable.Row) -> UInt64 {
    prices(of: target, row).cost(usage.breakdown).map { MicroUSD(picoUSDRoundedUp: $0).value } ?? 0
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
  func spent(by caller: Caller) -> Spending.Total { spending.callers.totals[row(caller).account].total }

  /// Takes the alerts that are to be published.
  func takeAlerts() -> [Alert] {
    if alerts.isEmpty { return [] }
    defer { alerts = [] }
    return alerts
  }
}
