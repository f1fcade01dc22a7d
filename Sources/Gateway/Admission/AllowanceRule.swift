/// A limit or a budget of the configuration: how much each of those it is for may use, of what, and in which time.
struct AllowanceRule: Hashable, Sendable {
  /// The counted thing.
  enum Unit: String, Sendable {
    case requests, tokens, concurrent
    /// Millionths of a US dollar.
    case microUSD = "micro_usd"
  }

  /// The kind of those that have an allowance each.
  enum Per: String, Sendable, CaseIterable {
    /// A pool, which a request names.
    case pool
    /// All requests together.
    case everyone
    case key, team, provider, model
  }

  /// One that has an allowance of its own.
  enum Subject: Hashable, Sendable {
    case pool
    case everyone
    /// A caller; `nil` for those without a key.
    case key(CallerID?)
    case team(String)
    case provider(ProviderID)
    case model(String)
  }

  /// The budget's name; empty for a limit.
  var name = ""
  var per: Per
  /// The names of those that it is for: keys, teams, providers, or models, with `*`. Empty means each of them.
  var names: [String] = []
  var unit: Unit
  var limit: UInt64
  var period: AllowancePeriod
  /// The prices of models without a known price; `nil` if their requests are rejected. Only for budgets of money.
  var unknownPrice: UnknownPrice?
  /// Shares of the limit, in thousandths, whose use is published as an event.
  var thresholds: [Int] = []

  /// The stated price of a model whose price is unknown, in millionths of a US dollar per million tokens.
  struct UnknownPrice: Hashable, Sendable {
    var perMillion: UInt64
  }

  /// Whether it is a budget. A budget holds the worst case, a limit of tokens what is expected.
  var isBudget: Bool { !name.isEmpty }

  /// The identity of the rule in other configurations, by which used amounts stay used.
  var identity: Identity {
    Identity(name: name, per: per, names: isBudget ? [] : names, unit: unit, period: period)
  }

  struct Identity: Hashable, Sendable {
    let name: String
    let per: Per
    let names: [String]
    let unit: Unit
    let period: AllowancePeriod
  }

  /// Whether it is for one of its kind with this name.
  func isFor(_ name: String) -> Bool { names.isEmpty || names.contains { ModelPattern($0).matches(name) } }
}
