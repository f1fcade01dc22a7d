internal import Reactor

/// `POST /v1/route/explain` and `GET /v1/route/explain/{id}`: where a model's requests go, and where a finished one went.
extension Endpoints {
  /// The member by which a whole request is known, and its kind.
  private static let requests: [(member: StaticString, kind: CallKind)] = [
    ("messages", .chat), ("prompt", .completions), ("input", .embeddings),
  ]

  /// Explains the route of `{"model": …}`, or of a whole request in OpenAI's dialect, whose requirements then count too.
  func explainRoute(_ connection: Connection) {
    let body = connection.body
    let fields = JSONLists.members(of: JSONLists.root(body.span), in: body.span)
    guard let model = fields.value("model", in: body.span)?.string(in: body.span), !model.isEmpty,
      model.utf8.count <= ModelEntry.idBytesMax
    else {
      return connections.reject(
        connection, APIError(400, .missingField, "The field `model` is missing.", param: "model"))
    }
    var plan = dispatcher.balancer.plan(model)
    if let request = Self.requests.first(where: { fields.value($0.member, in: body.span) != nil }) {
      do throws(APIError) {
        let call = try Call.read(body.span, for: CallEndpoint(.openAI, request.kind), model: "")
        dispatcher.applyRequirements(&plan, call, body.span)
      } catch {
        return connections.reject(connection, error)
      }
    } else {
      dispatcher.applyDefaultRequirements(&plan)
    }
    var out: [UInt8] = Array("{".utf8)
    Writer.member("object", "route.explanation", to: &out)
    Writer.member("model", model, to: &out)
    if let requirements = plan.requirements {
      Writer.member("required_capabilities", requirements.capabilities.names, to: &out)
      Writer.member("prompt_tokens", requirements.tokens, to: &out)
    }
    write(dispatcher.explain(plan, now: reactor.now), to: &out)
    out.append("}\n")
    connections.reply(connection, 200, out)
  }

  /// Explains how a finished request was routed.
  func explainDecision(_ connection: Connection, id: String) {
    guard let decision = recorder.decisions.find(id: id) else {
      return connections.reject(
        connection,
        APIError(
          404, .notFound, "No request with this ID is among the last \(RouteDecisions.countMax) that were routed."))
    }
    var out: [UInt8] = Array("{".utf8)
    Writer.member("object", "route.explanation", to: &out)
    Writer.member("id", decision.id, to: &out)
    Writer.member("model", decision.model, to: &out)
    Writer.member("provider", decision.provider, to: &out)
    Writer.member("status", decision.status, to: &out)
    Writer.member("failed_attempts", decision.failedAttempts.map(\.text), to: &out)
    let index = { [settings] name in settings.providers.firstIndex { $0.name == name } }
    let outcome = Dispatcher.Outcome(
      provider: index(decision.provider),
      failed: decision.failedAttempts.compactMap { attempt in index(attempt.provider).map { ($0, attempt.reason) } }
    )
    write(dispatcher.explain(dispatcher.balancer.plan(decision.model), outcome, now: reactor.now), to: &out)
    out.append("}\n")
    connections.reply(connection, 200, out)
  }

  private func write(_ explanation: Dispatcher.Explanation, to out: inout [UInt8]) {
    Writer.member("strategy", explanation.strategy.rawValue, to: &out)
    if let ambiguous = explanation.ambiguous { Writer.member("ambiguous", ambiguous, to: &out) }
    Writer.key("candidates", to: &out)
    out.append("[")
    for candidate in explanation.candidates {
      Writer.separate(&out)
      out.append("{")
      if let context = candidate.context { Writer.member("context", context, to: &out) }
      Writer.member("provider", settings.providers[candidate.provider].name, to: &out)
      Writer.member("model", candidate.model, to: &out)
      Writer.member("local", candidate.isLocal, to: &out)
      Writer.member("in_flight", candidate.inFlight, to: &out)
      if let latency = candidate.latency {
        Writer.member("first_event_ms", Int(latency / .milliseconds(1)), to: &out)
      }
      Writer.member("verdict", candidate.verdict, to: &out)
      Writer.member("reason", candidate.reason, to: &out)
      out.append("}")
    }
    out.append("]")
  }
}
