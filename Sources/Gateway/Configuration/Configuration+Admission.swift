/// The keys, limits, and budgets of callers.
extension Configuration {
  /// An API key with a name.
  public struct Key: Sendable, Equatable {
    /// The name, by which limits and budgets refer to it.
    public var name: String
    /// The key itself, and the one before it, which is accepted too while it is replaced.
    public var secrets: [Secret]
    public var team: String?
    /// Patterns of the models that it may use. Empty means all.
    public var models: [String] = []
    /// Names of the providers that may serve it. Empty means all.
    public var providers: [String] = []
    public var rights: [Right] = [.call]
    /// When it expires, in seconds since 1970. `nil` means never.
    public var expiry: Int64?

    /// Something that a key may do.
    public enum Right: String, Sendable, CaseIterable { case call, spend, admin }
  }

  /// Those that have an amount each.
  public enum Subject: String, Sendable, CaseIterable {
    /// A pool, which requests name.
    case pool
    /// All requests together.
    case everyone
    case key, team, provider, model
  }

  /// How many requests and tokens are allowed in a minute, an hour, and a day, and how many requests at a time.
  public struct Limit: Sendable, Equatable {
    public var per: Subject
    /// Names, with `*`. Empty means every one.
    public var names: [String] = []
    public var requests: [Span: Int] = [:]
    public var tokens: [Span: Int] = [:]
    public var concurrencyMax: Int?

    /// The time in which an amount is allowed.
    public enum Span: String, Sendable, CaseIterable { case minute, hour, day }
  }

  /// How many tokens or how much money may be used.
  public struct Budget: Sendable, Equatable {
    public var name: String
    public var per: Subject = .pool
    /// Names, with `*`. Empty means every one. For a pool, those of the keys that may use it.
    public var names: [String] = []
    public var amount: Amount
    public var period: Period = .endless
    /// The share of the amount whose use is published as an event. `nil` means none.
    public var alertShare: Double?
    /// The price of models without a known price, in US dollars per million tokens. `nil` rejects their requests.
    public var unknownPrice: Double?

    /// The size of a budget.
    public enum Amount: Sendable, Equatable {
      case tokens(Int)
      /// Millionths of a US dollar.
      case microUSD(UInt64)
    }

    /// The time in which it may be used once.
    public enum Period: Sendable, Equatable {
      /// For ever: used amounts never come back.
      case endless
      /// Every period of this length.
      case sliding(Duration)
      case calendar(CalendarPeriod)
    }
  }

  /// The largest number of keys, and of limits and budgets each.
  static let keysMax = 1024
}

extension ConfigurationKeys {
  private static let subjects = Configuration.Subject.allCases.map(\.rawValue)

  static let keys: [ConfigurationKey] = [
    ConfigurationKey(
      path: "keys[].name", kind: .string, isRequired: true,
      documentation: "Unique name of the key in logs, limits, budgets, and costs."),
    ConfigurationKey(
      path: "keys[].key", kind: .secret, isRequired: true,
      documentation: "The API key. `$NAME` or `${NAME}` reads it from the environment."),
    ConfigurationKey(
      path: "keys[].previous_key", kind: .secret,
      documentation: "The key before it, which is accepted as well while callers change to the new one."),
    ConfigurationKey(
      path: "keys[].team", kind: .string, documentation: "Team of the key, for limits and budgets of teams."),
    ConfigurationKey(
      path: "keys[].models", kind: .strings(256),
      documentation: "Patterns of the models that the key may use, with `*`. Empty means all."),
    ConfigurationKey(
      path: "keys[].providers", kind: .strings(128),
      documentation: "Names of the providers that may serve the key. Empty means all."),
    ConfigurationKey(
      path: "keys[].rights", kind: .strings(3), defaultValue: "",
      documentation:
        "What the key may do: `call` models, see what everyone `spend`s, and everything else as `admin`. Defaults to "
        + "`call`. Keys of `auth.tokens` may do everything."),
    ConfigurationKey(
      path: "keys[].expires", kind: .string,
      documentation:
        "Day on which the key expires, in UTC, as in `2027-01-31`. It is accepted until the end of the day."),
  ]

  static let limits: [ConfigurationKey] =
    [
      ConfigurationKey(
        path: "limits[].per", kind: .word(subjects.filter { $0 != "pool" }), defaultValue: "key",
        documentation: "Those that the limits are for, one by one, or `everyone` together."),
      ConfigurationKey(
        path: "limits[].names", kind: .strings(256),
        documentation: "Their names, with `*`. Empty means every one. Callers without a key have the name `anyone`."
      ),
    ]
    + Configuration.Limit.Span.allCases.flatMap { span in
      [("requests", "Requests"), ("tokens", "Tokens")].map { unit, text in
        ConfigurationKey(
          path: "limits[].\(unit)_per_\(span)", kind: .integer(1...1_000_000_000_000),
          documentation: "\(text) in any \(span).")
      }
    }
    + [
      ConfigurationKey(
        path: "limits[].max_concurrent", kind: .integer(1...1_000_000), documentation: "Requests at a time.")
    ]

  static let budgets: [ConfigurationKey] = [
    ConfigurationKey(
      path: "budgets[].name", kind: .string, isRequired: true, documentation: "Unique name of the budget."),
    ConfigurationKey(
      path: "budgets[].capacity", kind: .integer(0...Int64.max),
      documentation: "Tokens in the budget. Set this or `usd`."),
    ConfigurationKey(
      path: "budgets[].usd", kind: .number(0...1_000_000_000), documentation: "US dollars in the budget."),
    ConfigurationKey(
      path: "budgets[].per", kind: .word(subjects), defaultValue: "pool",
      documentation:
        "Those that have the budget, one by one, or `everyone` together. A `pool` is used by requests that name it with "
        + "`pool`, and the pool `default` by those that name none."),
    ConfigurationKey(
      path: "budgets[].names", kind: .strings(256),
      documentation: "Their names, with `*`. Empty means every one. For a pool, the keys that may use it."),
    ConfigurationKey(
      path: "budgets[].window_secs", kind: .number(60...3_153_600_000),
      documentation:
        "Length of a sliding window in which the budget may be used. Without it or `period`, what was used "
        + "stays used until a restart."),
    ConfigurationKey(
      path: "budgets[].period", kind: .word(CalendarPeriod.Unit.allCases.map(\.rawValue)),
      documentation: "Calendar period after which the budget begins again. Weeks begin on Monday."),
    ConfigurationKey(
      path: "budgets[].time_zone", kind: .string, defaultValue: "UTC",
      documentation: "Time zone of the period: its IANA name, as in Europe/Berlin."),
    ConfigurationKey(
      path: "budgets[].alert_at", kind: .number(0.01...1),
      documentation: "Share of the budget whose use is published as an event."),
    ConfigurationKey(
      path: "budgets[].unknown_usd_per_million", kind: .number(0...1_000_000),
      documentation:
        "Price of models whose price is unknown, in US dollars per million tokens. Without it a budget of money rejects "
        + "their requests."),
  ]
}

extension ConfigurationReader {
  /// Returns the keys with names.
  mutating func keys() -> [Configuration.Key] {
    var names: Set<String> = []
    return (0..<listed("keys")).compactMap { index in
      let path = "keys[\(index)]"
      guard let name = word("\(path).name") else { return nil }
      if !names.insert(name).inserted { values.report("\(path).name", "repeats the name of an earlier key") }
      let secrets = ["key", "previous_key"].compactMap { part -> Secret? in
        guard values.isSet("\(path).\(part)") else { return nil }
        return secret("\(path).\(part)", values.string("\(path).\(part)"))
      }
      return Configuration.Key(
        name: name, secrets: secrets, team: values.isSet("\(path).team") ? word("\(path).team") : nil,
        models: values.strings("\(path).models").map(\.text),
        providers: values.strings("\(path).providers").map(\.text), rights: rights("\(path).rights"),
        expiry: expiry("\(path).expires"))
    }
  }

  private mutating func rights(_ path: String) -> [Configuration.Key.Right] {
    let words = Configuration.Key.Right.allCases.map(\.rawValue)
    var rights: [Configuration.Key.Right] = []
    for (path, text) in values.strings(path) {
      if let right = Configuration.Key.Right(rawValue: text) {
        rights.append(right)
      } else {
        values.report(path, "must be one of \(words.joined(separator: ", "))")
      }
    }
    return values.isSet(path) ? rights : [.call]
  }

  private mutating func expiry(_ path: String) -> Int64? {
    guard values.isSet(path) else { return nil }
    guard let expiry = CivilDate.seconds(toEndOf: values.string(path)) else {
      values.report(path, "must be a day, as in \"2027-01-31\"")
      return nil
    }
    return expiry
  }

  /// Returns the limits.
  mutating func limits() -> [Configuration.Limit] {
    (0..<listed("limits")).map { index in
      let path = "limits[\(index)]"
      var limit = Configuration.Limit(
        per: subject("\(path).per"), names: values.strings("\(path).names").map(\.text))
      for span in Configuration.Limit.Span.allCases {
        limit.requests[span] = values.integer("\(path).requests_per_\(span)")
        limit.tokens[span] = values.integer("\(path).tokens_per_\(span)")
      }
      limit.concurrencyMax = values.integer("\(path).max_concurrent")
      if limit.requests.isEmpty, limit.tokens.isEmpty, limit.concurrencyMax == nil {
        values.report(
          values.entries[path]?.position, "`\(path)` limits nothing; set `requests_per_minute` or another limit")
      }
      checkNames(path, limit.per, limit.names)
      return limit
    }
  }

  /// Returns the budgets.
  mutating func budgets() -> [Configuration.Budget] {
    var names: Set<String> = []
    return (0..<listed("budgets")).compactMap { index in
      let path = "budgets[\(index)]"
      guard let name = word("\(path).name"), let amount = amount(path) else { return nil }
      if !names.insert(name).inserted { values.report("\(path).name", "repeats the name of an earlier budget") }
      let budget = Configuration.Budget(
        name: name, per: subject("\(path).per"), names: values.strings("\(path).names").map(\.text), amount: amount,
        period: period(path), alertShare: values.number("\(path).alert_at"),
        unknownPrice: values.number("\(path).unknown_usd_per_million"))
      checkNames(path, budget.per, budget.names)
      return budget
    }
  }

  private func subject(_ path: String) -> Configuration.Subject {
    Configuration.Subject(rawValue: values.string(path)) ?? .key
  }

  /// Reports names for a subject that has none.
  private mutating func checkNames(_ path: String, _ per: Configuration.Subject, _ names: [String]) {
    if per == .everyone, !names.isEmpty {
      values.report("\(path).names", "has no meaning with `per = \"everyone\"`; remove one of the two")
    }
  }

  private mutating func amount(_ path: String) -> Configuration.Budget.Amount? {
    switch (values.integer("\(path).capacity"), values.number("\(path).usd")) {
    case (let tokens?, nil): return .tokens(tokens)
    case (nil, let usd?): return .microUSD(MicroUSD(usd: usd).value)
    default:
      values.report(values.entries[path]?.position, "`\(path)` needs one of `capacity` and `usd`")
      return nil
    }
  }

  private mutating func period(_ path: String) -> Configuration.Budget.Period {
    guard let unit = CalendarPeriod.Unit(rawValue: values.string("\(path).period")) else {
      return values.isSet("\(path).window_secs") ? .sliding(values.seconds("\(path).window_secs")) : .endless
    }
    if values.isSet("\(path).window_secs") {
      values.report("\(path).window_secs", "contradicts `period`; remove one of them")
    }
    let name = values.string("\(path).time_zone")
    if name == TimeZoneRules.utc.name { return .calendar(CalendarPeriod(unit, in: .utc)) }
    guard TimeZoneRules.isName(name), let file = zoneFile(name), let zone = TimeZoneRules(name: name, file.span)
    else {
      values.report(
        "\(path).time_zone", "must be a time zone that this machine knows, as in \"Europe/Berlin\" (package tzdata)"
      )
      return .endless
    }
    return .calendar(CalendarPeriod(unit, in: zone))
  }

  /// Reports keys that two callers have, and names of providers that are not configured.
  mutating func checkKeys(_ configuration: Configuration) {
    var owners: [String: String] = [:]
    for (index, token) in configuration.auth.tokens.enumerated() {
      owners[token.reveal()] = "auth.tokens[\(index)]"
    }
    for (index, key) in configuration.auth.keys.enumerated() {
      for secret in key.secrets {
        if let owner = owners[secret.reveal()] {
          values.report("keys[\(index)].key", "is the key of `\(owner)` too; each caller needs its own")
        }
        owners[secret.reveal()] = "keys[\(index)]"
      }
      for name in key.providers where !configuration.providers.contains(where: { $0.name == name }) {
        values.report("keys[\(index)].providers", "names \"\(name)\", which is not configured")
      }
    }
  }
}
