/// What candidates can do, as far as it is known, and what becomes of a plan by that.
extension Traffic {
  /// What is known of a plan's candidates.
  mutating func profile(_ plan: RoutePlan) -> KnownModels.Profile {
    if let profile = known.profile(of: plan.model) { return profile }
    let models = candidates(plan).map { ($0.provider, router.table.upstreamName($0, for: plan.model)) }
    return known.profile(of: plan.model, models)
  }

  /// How one of a plan's candidates is picked.
  func strategy(_ plan: RoutePlan) -> Strategy { router.table.strategy(plan.match) ?? router.policy.strategy }

  /// Keeps candidates out that cannot do what the request needs, leaves those for last that perhaps cannot, and says what
  /// each costs where that counts.
  mutating func fit(_ plan: inout RoutePlan) {
    if let fitness = fitness(plan) {
      plan.asking.out = plan.asking.out.union(fitness.unfit)
      plan.last = plan.last.union(fitness.tight)
    }
    guard strategy(plan) == .cheapest else { return }
    let spent = plan.spent
    plan.costs = profile(plan).models.map { $0?.cost(spent) ?? .max }
  }

  /// What the request needs beside what the candidates can; nil where that makes no difference.
  mutating func fitness(_ plan: RoutePlan) -> Fitness? { plan.needs.map { Fitness(profile(plan).models, $0) } }

  /// The prompt was too long for who was asked last: only those come next that are known to read more.
  mutating func leaveSmaller(_ plan: inout RoutePlan) {
    let models = profile(plan).models
    let failed = plan.position.flatMap { $0 < models.count ? models[$0]?.context : nil } ?? 0
    for (position, model) in models.enumerated() where model?.context ?? 0 <= failed {
      plan.asking.out.insert(position)
    }
  }
}
