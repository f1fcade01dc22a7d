internal import Reactor

/// `/v1/costs` and `/v1/cost/estimate`: what was used since the start or the last reset, and what a request would cost.
extension Endpoints {
  func respondCosts(_ connection: Connection) {
    let spending = admission.spending
    var out: [UInt8] = Array("{".utf8)
    Writer.key("records", to: &out)
    out.append("[")
    for (name, total) in spending.providers.used {
      Writer.separate(&out)
      out.append("{")
      Writer.member("provider", name, to: &out)
      if let provider = settings.providers.first(where: { $0.name == name }) {
        Writer.member("base_url", "\(provider.baseURL)", to: &out)
        Writer.member("is_local", provider.isLocal, to: &out)
      }
      append(total, inputKey: "total_input_tokens", outputKey: "total_output_tokens", to: &out)
      out.append("}")
    }
    out.append("]")
    append("models", spending.models.used, to: &out)
    append("callers", spending.callers.used, to: &out)
    Writer.member("total_requests", Int(clamping: spending.all.requests), to: &out)
    Writer.member("total_prompt_tokens", Int(clamping: spending.all.promptTokens), to: &out)
    Writer.member("total_completion_tokens", Int(clamping: spending.all.completionTokens), to: &out)
    Writer.member("unknown_price_requests", Int(clamping: spending.all.unpricedRequests), to: &out)
    append(spending.all.cost, "total_cost_micro_usd", "total_cost_usd", to: &out)
    out.append("}\n")
    connections.reply(connection, 200, out)
  }

  private func append(
    _ key: StaticString, _ totals: [(name: String, total: Spending.Total)], to out: inout [UInt8]
  ) {
    Writer.key(key, to: &out)
    out.append("[")
    for (name, total) in totals {
      Writer.separate(&out)
      out.append("{")
      Writer.member("name", name, to: &out)
      append(total, inputKey: "input_tokens", outputKey: "output_tokens", to: &out)
      out.append("}")
    }
    out.append("]")
  }

  private func append(
    _ total: Spending.Total, inputKey: StaticString, outputKey: StaticString, to out: inout [UInt8]
  ) {
    Writer.member(inputKey, Int(clamping: total.promptTokens), to: &out)
    Writer.member(outputKey, Int(clamping: total.completionTokens), to: &out)
    Writer.member("request_count", Int(clamping: total.requests), to: &out)
    Writer.member("unknown_price_count", Int(clamping: total.unpricedRequests), to: &out)
    append(total.cost, "total_cost_micro_usd", "total_cost_usd", to: &out)
  }

  private func append(_ cost: MicroUSD, _ microKey: StaticString, _ key: StaticString, to out: inout [UInt8]) {
    Writer.member(microKey, Int(clamping: cost.value), to: &out)
    Writer.key(key, to: &out)
    cost.appendUSD(to: &out)
  }

  func resetCosts(_ connection: Connection, _ request: AcceptedRequest) {
    admission.resetSpending()
    recorder.ledger?.resetCosts()
    recorder.publish(.budgets, at: reactor.wallClock) {
      Writer.member("costs", "reset", to: &$0)
      Writer.member("caller", request.caller.name, to: &$0)
    }
    recorder.notify("hoosh: the costs were reset by \(request.caller.name)")
    connections.reply(connection, 200, "{\"status\":\"ok\"}\n")
  }

  /// Estimates `{"model": …, "input_tokens": …, "output_tokens": …}` at the provider that the model's requests go to first.
  func estimateCost(_ connection: Connection, _ caller: Caller) {
    let body = connection.body
    do throws(APIError) {
      let fields = JSONLists.members(of: JSONLists.root(body.span), in: body.span)
      guard let model = fields.value("model", in: body.span)?.string(in: body.span) else {
        throw APIError(400, .missingField, "The field `model` is missing.", param: "model")
      }
      let input = try Self.tokens("input_tokens", fields, body.span)
      let output = try Self.tokens("output_tokens", fields, body.span)
      guard mayUse(model, caller), let candidate = dispatcher.firstCandidate(of: model) else {
        throw APIError(
          404, .modelNotFound,
          "No provider serves a model of this name. GET /v1/models lists those that there are.",
          param: "model")
      }
      let known = dispatcher.balancer.known.model(
        dispatcher.upstreamName(candidate, for: model), at: candidate.provider)?.model
      let usage = Usage(prompt: Int(clamping: input), completion: Int(clamping: output), source: .estimated)
      var out: [UInt8] = Array("{".utf8)
      Writer.member("model", model, to: &out)
      Writer.member("provider", settings.providers[candidate.provider].name, to: &out)
      Writer.member("input_tokens", usage.prompt, to: &out)
      Writer.member("output_tokens", usage.completion, to: &out)
      if let cost = known?.prices.cost(usage.breakdown) {
        append(MicroUSD(picoUSD: cost), "estimated_cost_micro_usd", "estimated_cost_usd", to: &out)
      } else {
        // The price is unknown, which is not 0.
        out.append(",\"estimated_cost_micro_usd\":null,\"estimated_cost_usd\":null")
      }
      out.append("}\n")
      connections.reply(connection, 200, out)
    } catch {
      connections.reject(connection, error)
    }
  }
}
