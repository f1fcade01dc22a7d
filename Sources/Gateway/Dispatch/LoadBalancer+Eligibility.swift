/// Eligibility: which candidates of a plan can serve its request.
extension LoadBalancer {
  /// Returns what is known about a plan's candidates; an empty profile for a plan of an earlier table.
  mutating func profile(_ plan: RoutePlan) -> KnownModels.Profile {
    if case .stale = router.table.verdict(plan.match) { return KnownModels.Profile() }
    if let profile = known.profile(of: plan.model) { return profile }
    let models = candidates(plan).map { ($0.provider, router.table.upstreamName($0, for: plan.model)) }
    return known.profile(of: plan.model, models)
  }

  /// Returns the strategy that selects among a plan's candidates.
  func strategy(_ plan: RoutePlan) -> Strategy { router.table.strategy(plan.match) ?? router.policy.strategy }

  /// Excludes candidates that lack a required capability, marks those that may as a last resort, and computes the
  /// cost at each candidate if the strategy needs it.
  ///
  /// The requirements survive a reload: the body is not read again.
  mutating func applyRequirements(_ plan: inout RoutePlan) {
    plan.ineligible = BitSet128()
    if let eligibility = eligibility(plan) {
      plan.ineligible = eligibility.ineligible
      plan.lastResort = plan.lastResort.union(eligibility.uncertain)
    }
    if let context = plan.tooLongFor {
      for (position, known) in profile(plan).models.enumerated() where known?.model.context ?? 0 <= context {
        plan.input.excluded.insert(position)
      }
    }
    plan.input.excluded = plan.input.excluded.union(plan.ineligible)
    guard strategy(plan) == .cheapest else { return }
    let tokens = plan.expectedTokens
    plan.costs = profile(plan).models.map { $0?.model.cost(tokens) ?? .max }
  }

  /// Returns the eligibility of a plan's candidates; `nil` if the request has no requirements that matter.
  mutating func eligibility(_ plan: RoutePlan) -> CandidateEligibility? {
    guard let requirements = plan.requirements else { return nil }
    let dialects = requirements.call == .chat ? [] : candidates(plan).map { known.dialect(of: $0.provider) }
    return CandidateEligibility(profile(plan).models, requirements, dialects: dialects)
  }

  /// Excludes candidates that are not known to have a larger context than the one whose attempt just failed.
  mutating func excludeSmallerContexts(_ plan: inout RoutePlan) {
    let models = profile(plan).models
    let failed = plan.position.flatMap { $0 < models.count ? models[$0]?.model.context : nil } ?? 0
    plan.tooLongFor = max(plan.tooLongFor ?? 0, failed)
    applyRequirements(&plan)
  }
}
