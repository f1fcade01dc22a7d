/// What candidates can do, as far as it is known, and what becomes of a plan by that.
extension LoadBalancer {
  /// What is known of a plan's candidates; nothing where the plan is of another table.
  mutating func profile(_ plan: RoutePlan) -> KnownModels.Profile {
    if case .stale = router.table.verdict(plan.match) { return KnownModels.Profile() }
    if let profile = known.profile(of: plan.model) { return profile }
    let models = candidates(plan).map { ($0.provider, router.table.upstreamName($0, for: plan.model)) }
    return known.profile(of: plan.model, models)
  }

  /// How one of a plan's candidates is picked.
  func strategy(_ plan: RoutePlan) -> Strategy { router.table.strategy(plan.match) ?? router.policy.strategy }

  /// Keeps candidates out that cannot do what the request needs, leaves those for last that perhaps cannot, and says what
  /// each costs where that counts.
  ///
  /// After a reload the needs are what they were: what the body says is not read again.
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

  /// What the request needs beside what the candidates can; nil where that makes no difference.
  mutating func eligibility(_ plan: RoutePlan) -> CandidateEligibility? {
    plan.requirements.map { CandidateEligibility(profile(plan).models, $0) }
  }

  /// The prompt was too long for who was asked last: only those come next that are known to read more.
  mutating func excludeSmallerContexts(_ plan: inout RoutePlan) {
    let models = profile(plan).models
    let failed = plan.position.flatMap { $0 < models.count ? models[$0]?.model.context : nil } ?? 0
    plan.tooLongFor = max(plan.tooLongFor ?? 0, failed)
    applyRequirements(&plan)
  }
}
