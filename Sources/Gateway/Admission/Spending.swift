/// The tokens that were used since the start or the last reset, and their cost: by provider, by model, and by caller.
///
/// The three tables have the same sums at all times. Each name has a number, which stays, so that counting a request looks
/// nothing up.
struct Spending: Sendable {
  /// Tokens that were used, and their cost.
  struct Total: Equatable, Sendable {
    var requests: UInt64 = 0
    var promptTokens: UInt64 = 0
    var completionTokens: UInt64 = 0
    var cost = MicroUSD.zero
    /// Requests whose price is unknown. They are in the other numbers, but not in the cost.
    var unpricedRequests: UInt64 = 0

    mutating func add(_ usage: Usage, _ cost: MicroUSD?) {
      requests.add(1)
      promptTokens.add(UInt64(clamping: usage.prompt))
      completionTokens.add(UInt64(clamping: usage.completion))
      if let cost { self.cost.value.add(cost.value) } else { unpricedRequests.add(1) }
    }

    fileprivate mutating func add(_ other: Total) {
      requests.add(other.requests)
      promptTokens.add(other.promptTokens)
      completionTokens.add(other.completionTokens)
      cost.value.add(other.cost.value)
      unpricedRequests.add(other.unpricedRequests)
    }
  }

  /// The totals of providers, of models, or of callers.
  struct Table: Sendable {
    /// Names with a total of their own; further ones share one.
    static let namesMax = 4096
    /// The name under which further ones are summed up.
    static let others = "(other)"

    private(set) var totals: [(name: String, total: Total)] = []
    private var numbers: [String: Int] = [:]

    /// Returns the number of a name.
    mutating func number(_ name: String) -> Int {
      if let number = numbers[name] { return number }
      let name = numbers.count < Self.namesMax ? name : Self.others
      if let number = numbers[name] { return number }
      numbers[name] = totals.count
      totals.append((name, Total()))
      return totals.count - 1
    }

    /// The totals of the names that have used something, by name.
    var used: [(name: String, total: Total)] {
      totals.filter { $0.total.requests > 0 }.sorted { $0.name < $1.name }
    }

    fileprivate mutating func add(_ number: Int, _ usage: Usage, _ cost: MicroUSD?) {
      totals[number].total.add(usage, cost)
    }

    fileprivate mutating func add(_ name: String, _ more: Total) { totals[number(name)].total.add(more) }

    fileprivate mutating func reset() {
      for number in totals.indices { totals[number].total = Total() }
    }
  }

  private(set) var all = Total()
  var providers = Table()
  var models = Table()
  var callers = Table()

  /// Counts a request that a provider answered; `cost` is `nil` if its price is unknown.
  mutating func add(_ usage: Usage, _ cost: MicroUSD?, provider: Int, model: Int, caller: Int) {
    all.add(usage, cost)
    providers.add(provider, usage, cost)
    models.add(model, usage, cost)
    callers.add(caller, usage, cost)
  }

  /// Counts what was used before the start.
  mutating func add(_ total: Total, provider: String, model: String, caller: String) {
    all.add(total)
    providers.add(provider, total)
    models.add(model, total)
    callers.add(caller, total)
  }

  /// Begins again at 0.
  mutating func reset() {
    all = Total()
    providers.reset()
    models.reset()
    callers.reset()
  }
}
