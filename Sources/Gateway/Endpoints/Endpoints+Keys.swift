internal import Reactor

/// `GET /v1/keys/me`: what the caller may do, its limits and budgets, and what it has used.
extension Endpoints {
  func respondOwnKey(_ connection: Connection, _ request: AcceptedRequest) {
    let caller = request.caller
    var out: [UInt8] = Array("{".utf8)
    Writer.member("object", "key", to: &out)
    Writer.member("name", caller.name, to: &out)
    if let key = caller.key {
      if let team = key.team { Writer.member("team", team, to: &out) }
      Writer.member("models", key.models.map(\.text), to: &out)
      Writer.member("providers", key.providers, to: &out)
      if let expiry = key.expiry {
        Writer.key("expires", to: &out)
        CivilDate.appendString(secondsSince1970: UInt64(clamping: expiry), to: &out)
      }
    }
    Writer.member("rights", caller.rights.words, to: &out)
    Writer.key("allowances", to: &out)
    out.append("[")
    for state in admission.states(of: caller, at: reactor.instant) {
      Writer.separate(&out)
      out.append("{")
      if !state.budget.isEmpty { Writer.member("budget", state.budget, to: &out) }
      Writer.member("per", state.per.rawValue, to: &out)
      Writer.member("unit", state.unit.rawValue, to: &out)
      Writer.member("period", state.period, to: &out)
      Writer.member("limit", Int(clamping: state.limit), to: &out)
      Writer.member("used", Int(clamping: state.used), to: &out)
      Writer.member("held", Int(clamping: state.held), to: &out)
      if let reset = state.resetSeconds { Writer.member("reset_in_secs", reset, to: &out) }
      out.append("}")
    }
    out.append("]")
    let total = admission.spent(by: caller)
    Writer.key("spend", to: &out)
    out.append("{")
    Writer.member("requests", Int(clamping: total.requests), to: &out)
    Writer.member("input_tokens", Int(clamping: total.promptTokens), to: &out)
    Writer.member("output_tokens", Int(clamping: total.completionTokens), to: &out)
    Writer.member("cost_micro_usd", Int(clamping: total.cost.value), to: &out)
    Writer.member("unknown_price_requests", Int(clamping: total.unpricedRequests), to: &out)
    out.append("}}\n")
    connections.reply(connection, 200, out)
  }
}
