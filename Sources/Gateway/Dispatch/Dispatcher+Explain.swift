/// Explains where a model's requests go, by the code that decides it.
extension Dispatcher {
  /// One candidate of a model, and why it is selected or not.
  struct CandidateExplanation {
    var provider: Int
    /// The model, as the provider names it.
    var model: String
    var isLocal: Bool
    var inFlight: Int
    /// The latency of its first event, if it is known.
    var latency: Duration?
    /// Its context length in tokens, if it is known.
    var context: Int?
    /// One word, as in `chosen` or `unhealthy`.
    var verdict: String
    /// The verdict as a sentence.
    var reason: String
  }

  /// The candidates of a model in routing order, and how one of them is selected.
  struct Explanation {
    var strategy: Strategy
    /// The models that the name could mean, if it is ambiguous.
    var ambiguous: [String]?
    var candidates: [CandidateExplanation] = []
  }

  /// Explains a plan, or how a finished request was routed; selects nothing and takes no slot.
  func explain(_ plan: RoutePlan, _ decision: Outcome? = nil, now: Duration) -> Explanation {
    var explanation = Explanation(strategy: balancer.strategy(plan))
    if case .ambiguous(let ambiguity) = balancer.router.table.verdict(plan.match) {
      explanation.ambiguous = ambiguity.candidates
    }
    let chosen = decision == nil ? balancer.preview(plan, at: now) : nil
    let models = balancer.profile(plan).models
    let eligibilities = balancer.eligibility(plan)?.candidates ?? []
    for (position, candidate) in balancer.candidates(plan).enumerated() {
      let name = balancer.router.table.upstreamName(candidate, for: plan.model)
      let eligibility = position < eligibilities.count ? eligibilities[position] : .eligible
      let (verdict, reason) =
        decision.map { Self.verdict(candidate.provider, $0) }
        ?? (chosen == position ? ("chosen", "The next request would go to it.") : nil)
        ?? Self.reason(eligibility) ?? reason(candidate, name, now)
      explanation.candidates.append(
        CandidateExplanation(
          provider: candidate.provider, model: name, isLocal: candidate.isLocal,
          inFlight: Int(balancer.concurrency.inFlight[candidate.provider]),
          latency: balancer.router.latency(of: candidate),
          context: position < models.count ? models[position]?.model.context : nil, verdict: verdict, reason: reason
        ))
    }
    return explanation
  }

  /// How a finished request was routed.
  struct Outcome {
    /// The provider that answered, or that was tried last; an index of the table in use.
    var provider: Int?
    /// Failed attempts, by the provider's index.
    var failed: [(provider: Int, reason: String)]
  }

  private static func verdict(_ provider: Int, _ decision: Outcome) -> (String, String) {
    let failed = decision.failed.filter { $0.provider == provider }.map(\.reason)
    if !failed.isEmpty { return ("failed", "Its attempts failed: \(failed.joined(separator: ", ")).") }
    if decision.provider == provider { return ("answered", "It answered the request.") }
    return ("not_tried", "Another candidate answered before it, or it was not available.")
  }

  private static func reason(_ eligibility: Eligibility) -> (String, String)? {
    switch eligibility {
    case .eligible: nil
    case .uncertain:
      ("context_uncertain", "The prompt may be too long for it, so it is tried when no other candidate is left.")
    case .missing(let capabilities, _):
      ("ineligible", "It lacks required capabilities: \(capabilities.names.joined(separator: ", ")).")
    case .contextTooSmall(let context):
      ("ineligible", "Its context has \(context) tokens, and the prompt has more.")
    case .notOffered(let kind): ("ineligible", "Its API does not offer \(kind.rawValue).")
    }
  }

  private func reason(_ candidate: RouteCandidate, _ model: String, _ now: Duration) -> (String, String) {
    let health = balancer.health.providers[candidate.provider]
    let back = health.nextAvailable(at: now).map { " Available again in \(($0 - now).wholeSeconds) s." } ?? ""
    switch health.status(at: now) {
    case .unhealthy:
      return ("unhealthy", "\(health.breaker.failures) consecutive requests or health checks failed." + back)
    case .rateLimited: return ("rate_limited", "All of its API keys are rate limited." + back)
    case .credentialsRejected: return ("credentials_rejected", "Its API keys are rejected." + back)
    case .healthy: break
    }
    if !balancer.concurrency.hasSlot(candidate.provider, model) {
      return ("at_capacity", "It is at its concurrency limit.")
    }
    if candidate.isDirect { return ("standby", "The request names it, but another candidate is tried first.") }
    return ("standby", "It is tried if the candidates before it fail.")
  }
}
