/// Estimates the decode speed of a plan. Generating a token reads every active weight once, so speed is bandwidth
/// divided by bytes. The share of the bandwidth that programs reach is corrected by measurements.
public enum Speed {
  /// The share of a device's bandwidth that programs reach, by published measurements.
  static let reached = 0.5...0.75

  /// Returns a range of tokens per second; `nil` if the plan does not fit.
  static func estimate(
    _ plan: Plan, _ model: Model, _ options: RunOptions, _ budget: MemoryBudget, _ correction: SpeedCorrection
  ) -> ClosedRange<Double>? {
    guard plan.fits, model.activeWeights > 0 else { return nil }
    let whole = Double(plan.demand.whole)
    guard whole > 0 else { return nil }
    // A token reads the active weights and the cache, which is half full on average.
    let active = Double(model.activeWeights) + Double(plan.demand.cache) / 2
    let all =
      Double(model.layers.reduce(model.outputBytes) { $0.plus($1.dense).plus($1.experts) })
      + Double(plan.demand.cache)
    let share = all > 0 ? min(1, active / all) : 1
    var seconds = 0.0
    for part in plan.shares {
      guard let device = budget.devices.first(where: { $0.id == part.device }) else { continue }
      seconds += Double(max(0, part.bytes.minus(plan.demand.compute))) * share / (device.bandwidth * 1e9)
    }
    let inMemory = Double(max(0, plan.hostBytes.minus(plan.demand.input))) * share
    seconds += inMemory / (budget.hostBandwidth * 1e9)
    guard seconds > 0 else { return nil }
    if let learned = correction.share(of: model.name) { return learned * 0.95 / seconds...learned * 1.05 / seconds }
    return reached.lowerBound / seconds...reached.upperBound / seconds
  }
}
