extension Configuration {
  /// The rules of the limits and the budgets.
  var allowanceRules: [AllowanceRule] {
    let all =
      providers.compactMap { provider in
        provider.requestsPerMinute.map { limit in
          AllowanceRule(
            per: .provider, names: [provider.name], unit: .requests, limit: UInt64(clamping: limit), period: .minute
          )
        }
      } + limits.flatMap(\.rules) + budgets.map(\.rule)
    // Of two limits of the same thing, the smaller one holds.
    var rules: [AllowanceRule] = []
    for rule in all {
      if let index = rules.firstIndex(where: { $0.identity == rule.identity }) {
        rules[index].limit = min(rules[index].limit, rule.limit)
      } else {
        rules.append(rule)
      }
    }
    return rules
  }
}

extension Configuration.Limit {
  fileprivate var rules: [AllowanceRule] {
    func rule(_ unit: AllowanceRule.Unit, _ limit: Int?, _ period: AllowancePeriod) -> AllowanceRule? {
      limit.map {
        AllowanceRule(per: .init(per), names: names, unit: unit, limit: UInt64(clamping: $0), period: period)
      }
    }
    return Span.allCases.flatMap { span in
      [rule(.requests, requests[span], span.period), rule(.tokens, tokens[span], span.period)].compactMap(\.self)
    } + [rule(.concurrent, concurrencyMax, .endless)].compactMap(\.self)
  }
}

extension Configuration.Limit.Span {
  fileprivate var period: AllowancePeriod {
    switch self {
    case .minute: .minute
    case .hour: .hour
    case .day: .day
    }
  }
}

extension Configuration.Budget {
  fileprivate var rule: AllowanceRule {
    var rule = AllowanceRule(
      name: name, per: .init(per), names: names, unit: .tokens, limit: 0, period: allowancePeriod)
    switch amount {
    case .tokens(let tokens): rule.limit = UInt64(clamping: tokens)
    case .microUSD(let money): (rule.unit, rule.limit) = (.microUSD, money)
    }
    rule.unknownPrice = unknownPrice.map { AllowanceRule.UnknownPrice(perMillion: MicroUSD(usd: $0).value) }
    rule.thresholds = alertShare.map { [Int($0 * 1000)] } ?? []
    return rule
  }

  private var allowancePeriod: AllowancePeriod {
    switch period {
    case .endless: .endless
    case .sliding(let length): .sliding(length.components.seconds &* 1_000_000_000)
    case .calendar(let calendar): .calendar(calendar)
    }
  }
}

extension AllowanceRule.Per {
  fileprivate init(_ subject: Configuration.Subject) {
    self =
      switch subject {
      case .pool: .pool
      case .everyone: .everyone
      case .key: .key
      case .team: .team
      case .provider: .provider
      case .model: .model
      }
  }
}
