/// The reasons of rejections, in words: what is used up, by what, and when there will be more.
extension Admission {
  static func modelForbidden(_ key: APIKey, _ model: String) -> APIError {
    let models = key.models.map(\.text).joined(separator: ", ")
    return APIError(
      403, .permissionDenied, "The key `\(key.name)` may not use the model `\(model)`. It may use: \(models).",
      param: "model")
  }

  static func providerForbidden(_ key: APIKey) -> APIError {
    APIError(
      403, .permissionDenied,
      "The key `\(key.name)` may not use any provider that serves this model. It may use: \(key.providers.joined(separator: ", ")).",
      param: "model")
  }

  func unknownPrice(_ number: Int, _ target: Target) -> APIError {
    var apiError = APIError(
      429, .budgetExceeded,
      "The price of the model `\(target.model)` at `\(target.provider)` is unknown, and the budget `\(name(table.rows[number]))` is one of money. Set its prices in [[models]], or `unknown_usd_per_million` of the budget.",
      param: "model")
    apiError.isFinal = true
    return apiError
  }

  /// The error of an allowance that has less than an amount available.
  func exceeded(_ number: Int, _ amount: UInt64, _ worst: WorstCase, at now: Instant) -> APIError {
    let row = table.rows[number]
    let wait = row.allowance.wait(for: amount, at: now).map { Self.seconds($0) }
    return row.isBudget ? budgetExceeded(row, amount, worst, wait) : limitExceeded(row, amount, wait)
  }

  private func budgetExceeded(
    _ row: AllowanceTable.Row, _ amount: UInt64, _ worst: WorstCase, _ wait: Int?
  ) -> APIError {
    let (left, limit) = (row.allowance.available, row.allowance.limit)
    let amounts =
      row.unit == .microUSD
      ? "\(Self.usd(left)) of \(Self.usd(limit)) left, and this request may cost \(Self.usd(amount))"
      : "\(left) of \(limit) tokens left, and this request may use \(amount)"
    let remedy = wait.map { "or wait \($0) seconds" } ?? "or raise the budget"
    var apiError = APIError(
      429, .budgetExceeded,
      "The budget `\(name(row))` of \(row.subject.text(name(of:))) has \(amounts): up to \(worst.prompt) tokens of its prompt and \(worst.output) of its answer. Ask for fewer tokens with `max_tokens`, \(remedy).",
      retryAfter: wait)
    apiError.isFinal = true
    return apiError
  }

  private func limitExceeded(_ row: AllowanceTable.Row, _ amount: UInt64, _ wait: Int?) -> APIError {
    let limit = row.allowance.limit
    let subject = row.subject.text(name(of:))
    if row.unit == .concurrent {
      return APIError(
        429, .rateLimitExceeded,
        "The limit of \(subject) is \(limit) requests at a time. Wait for one to end, and retry.", retryAfter: 1)
    }
    let rule = "The limit of \(subject) is \(limit) \(row.unit.rawValue) per \(row.allowance.periodText)"
    guard let wait else {
      var apiError = APIError(
        429, .rateLimitExceeded, "\(rule), and this request needs \(amount). Make it smaller, or raise the limit.")
      apiError.isFinal = true
      return apiError
    }
    return APIError(
      429, .rateLimitExceeded, "\(rule), and it is used up. Retry after \(wait) seconds.", retryAfter: wait)
  }

  private func name(_ row: AllowanceTable.Row) -> String { row.rule.map { rules[$0].name } ?? "" }

  /// Whole seconds of a time in nanoseconds, rounded up; at least 1.
  static func seconds(_ nanoseconds: Int64) -> Int {
    Int(max(1, nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 > 0 ? 1 : 0)))
  }

  private static func usd(_ micro: UInt64) -> String {
    var out: [UInt8] = [UInt8(ascii: "$")]
    MicroUSD(value: micro).appendUSD(to: &out)
    return String(decoding: out, as: UTF8.self)
  }
}

extension AllowanceRule.Subject {
  /// The subject as a noun phrase; `name` gives a caller's name.
  func text(_ name: (CallerID?) -> String) -> String {
    switch self {
    case .pool: "the pool"
    case .everyone: "all callers together"
    case .key(nil): "callers without a key"
    case .key(let caller?): "the key `\(name(caller))`"
    case .team(let team): "the team `\(team)`"
    case .provider: "the provider"
    case .model(let model): "the model `\(model)`"
    }
  }
}
