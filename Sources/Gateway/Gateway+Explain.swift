internal import Reactor

/// What became of one request, kept for those who ask later.
struct Decision: Sendable {
  let id: String
  let model: String
  /// Who answered, or was asked last.
  let provider: String
  let status: Int
  /// Attempts in vain, as in the journal.
  let attempts: [String]
  let latency: Duration
  let tokens: Int?

  init(_ row: JournalRow) {
    id = row.id
    model = row.model
    provider = row.provider
    status = row.status
    attempts = row.attempts
    latency = row.total
    tokens = row.usage?.total
  }
}

/// Why a model goes where it goes.
extension Gateway {
  /// Decisions that are kept.
  static let decisionsMax = 1024

  /// Keeps what was decided about a request that is over.
  func keep(_ decision: Decision) {
    if decisions.count < Self.decisionsMax {
      decisions.append(decision)
    } else {
      decisions[nextDecision % Self.decisionsMax] = decision
    }
    nextDecision &+= 1
  }

  /// `POST /v1/route/explain` with `{"model": …}`, or with a whole chat request to be told who can do what it needs.
  func explain(_ connection: Connection) {
    let body = connection.body
    let fields = JSONLists.members(of: JSONLists.root(body.span), in: body.span)
    guard let model = fields.value("model", in: body.span)?.string(in: body.span), !model.isEmpty,
      model.utf8.count <= ChatRequest.modelBytesMax
    else {
      return refuse(
        connection, APIError(400, .missingField, "Name the model: the field `model` is missing.", param: "model"),
        connection.request?.replyOptions)
    }
    var plan = balancer.plan(model)
    if fields.value("messages", in: body.span) != nil {
      do throws(APIError) {
        fit(&plan, try Call.read(body.span, for: CallEndpoint(.openAI)), body.span)
      } catch {
        return refuse(connection, error, connection.request?.replyOptions)
      }
    }
    var out: [UInt8] = Array("{".utf8)
    Writer.member("object", "route.explanation", to: &out)
    Writer.member("model", model, to: &out)
    if let needs = plan.requirements {
      Writer.member("needs", needs.capabilities.names, to: &out)
      Writer.member("tokens", needs.tokens, to: &out)
    }
    writeCandidates(plan, decision: nil, to: &out)
    out.append("}\n")
    reply(connection, 200, out)
  }

  /// `GET /v1/route/explain/{id}`: what was decided about a finished request.
  func explain(_ connection: Connection, id: String) {
    guard let decision = decisions.last(where: { $0.id == id }) else {
      return refuse(
        connection,
        APIError(404, .notFound, "No request of that id is among the last \(Self.decisionsMax) that were routed."),
        connection.request?.replyOptions)
    }
    var out: [UInt8] = Array("{".utf8)
    Writer.member("object", "route.explanation", to: &out)
    Writer.member("id", decision.id, to: &out)
    Writer.member("model", decision.model, to: &out)
    Writer.member("provider", decision.provider, to: &out)
    Writer.member("status", decision.status, to: &out)
    Writer.member("failed_attempts", decision.attempts, to: &out)
    writeCandidates(balancer.plan(decision.model), decision: decision, to: &out)
    out.append("}\n")
    reply(connection, 200, out)
  }

  private func writeCandidates(_ plan: RoutePlan, decision: Decision?, to out: inout [UInt8]) {
    Writer.member("strategy", balancer.strategy(plan).rawValue, to: &out)
    if case .ambiguous(let ambiguity) = balancer.router.table.verdict(plan.match) {
      Writer.member("ambiguous", ambiguity.candidates, to: &out)
    }
    let chosen = decision == nil ? balancer.preview(plan, at: reactor.now) : nil
    let models = balancer.profile(plan).models
    let fits = balancer.eligibility(plan)?.candidates ?? []
    Writer.key("candidates", to: &out)
    out.append("[")
    for (position, candidate) in balancer.candidates(plan).enumerated() {
      Writer.separate(&out)
      out.append("{")
      if position < models.count, let context = models[position]?.model.context {
        Writer.member("context", context, to: &out)
      }
      let fit = position < fits.count ? fits[position] : .eligible
      write(candidate, plan, fit, isChosen: chosen == position, decision, to: &out)
      out.append("}")
    }
    out.append("]")
  }

  private func write(
    _ candidate: RouteCandidate, _ plan: RoutePlan, _ fit: Eligibility, isChosen: Bool, _ decision: Decision?,
    to out: inout [UInt8]
  ) {
    let provider = providers[candidate.provider]
    let health = balancer.health.providers[candidate.provider]
    let standing = health.status(at: reactor.now)
    let name = balancer.router.table.upstreamName(candidate, for: plan.model)
    let hasRoom = balancer.concurrency.hasSlot(candidate.provider, name)
    Writer.member("provider", provider.name, to: &out)
    Writer.member("model", name, to: &out)
    Writer.member("local", candidate.isLocal, to: &out)
    Writer.member("in_flight", Int(balancer.concurrency.inFlight[candidate.provider]), to: &out)
    if let latency = balancer.router.latency(of: candidate) {
      Writer.member("first_event_ms", Int(latency / .milliseconds(1)), to: &out)
    }
    let verdict: (word: String, reason: String)
    if let decision {
      let failed = decision.attempts.filter { $0.hasPrefix(provider.name + ":") }
      let words = failed.map { $0.dropFirst(provider.name.utf8.count + 1) }.joined(separator: ", ")
      switch true {
      case decision.provider == provider.name && failed.isEmpty:
        verdict = ("answered", "It was asked and answered.")
      case !failed.isEmpty: verdict = ("failed", "It was asked in vain: \(words).")
      default: verdict = ("not_asked", "Somebody before it answered, or it could not be asked.")
      }
    } else if isChosen {
      verdict = ("chosen", "It would be asked next.")
    } else {
      verdict = reason(fit) ?? reason(standing, hasRoom: hasRoom, candidate, health)
    }
    Writer.member("verdict", verdict.word, to: &out)
    Writer.member("reason", verdict.reason, to: &out)
  }

  private func reason(_ fit: Eligibility) -> (String, String)? {
    switch fit {
    case .eligible: nil
    case .uncertain: ("tight", "The prompt may be too long for it, so it is asked when nobody else can be.")
    case .missing(let abilities, _):
      ("unfit", "It cannot do what is needed: \(abilities.names.joined(separator: ", ")).")
    case .contextTooSmall(let context): ("unfit", "It reads \(context) tokens, and the prompt has more.")
    }
  }

  private func reason(
    _ standing: ProviderHealth.Status, hasRoom: Bool, _ candidate: RouteCandidate, _ health: ProviderHealth
  ) -> (String, String) {
    let back = health.nextAvailable(at: reactor.now).map {
      " It may be asked again in \(($0 - reactor.now).wholeSeconds) s."
    }
    switch standing {
    case .unhealthy: return ("down", "\(health.breaker.failures) requests or looks failed." + (back ?? ""))
    case .rateLimited: return ("limited", "Its keys have used up what they may." + (back ?? ""))
    case .credentialsRejected: return ("refused", "Its keys are not accepted." + (back ?? ""))
    case .healthy: break
    }
    if !hasRoom { return ("no_room", "It has as many requests as it may have at once.") }
    if candidate.isDirect { return ("next", "It was named, but another one is asked first.") }
    return ("next", "It would be asked if those before it failed.")
  }
}
