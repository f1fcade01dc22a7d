/// How fast a plan makes tokens. Making one token reads every weight that it needs once, so the memories' bandwidth
/// decides; how much of it a program reaches is learned from what really ran.
public enum Speed {
  /// The share of its bandwidth that a device reaches: published measurements lie between these.
  static let reached = 0.5...0.75

  static func estimate(
    _ plan: Plan, _ model: Model, _ options: RunOptions, _ budget: MemoryBudget, _ correction: SpeedCorrection
  ) -> ClosedRange<Double>? {
    guard plan.fits, model.activeWeights > 0 else { return nil }
    let whole = Double(plan.demand.whole)
    guard whole > 0 else { return nil }
    // What is read for one token: the active weights, and half of the cache, which is full on average by half.
    let active = Double(model.activeWeights) + Double(plan.demand.cache) / 2
    let all =
      Double(model.layers.reduce(model.outputBytes) { $0.plus($1.dense).plus($1.experts) })
      + Double(plan.demand.cache)
    let share = all > 0 ? min(1, active / all) : 1
    var seconds = 0.0
    for part in plan.shares {
      guard let device = budget.devices.first(where: { $0.id == part.device }) else { continue }
      seconds += Double(max(0, part.bytes - plan.demand.compute)) * share / (device.bandwidth * 1e9)
    }
    let inMemory = Double(max(0, plan.hostBytes - plan.demand.input)) * share
    seconds += inMemory / (budget.hostBandwidth * 1e9)
    guard seconds > 0 else { return nil }
    if let learned = correction.share(of: model.name) { return learned * 0.95 / seconds...learned * 1.05 / seconds }
    return reached.lowerBound / seconds...reached.upperBound / seconds
  }
}
