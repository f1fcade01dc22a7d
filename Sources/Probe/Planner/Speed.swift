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

/// What live traffic teaches about the estimate: the share of the bandwidth that each model reached.
public struct SpeedCorrection: Sendable, Equatable {
  /// Models that are remembered.
  static let modelsMax = 256
  private var shares: [String: Double] = [:]

  public init() {}

  /// The share that a model reached; nil when it never ran.
  public func share(of model: String) -> Double? { shares[model] }

  /// Takes a measurement: tokens a second, where the plan's upper estimate was so much. Later ones weigh a fifth.
  public mutating func record(model: String, tokensPerSecond: Double, estimate: ClosedRange<Double>) {
    guard tokensPerSecond.isFinite, tokensPerSecond > 0, estimate.upperBound > 0 else { return }
    let seconds = (share(of: model).map { $0 * 1.05 } ?? Speed.reached.upperBound) / estimate.upperBound
    let reached = min(1.2, max(0.02, tokensPerSecond * seconds))
    if shares[model] == nil, shares.count >= Self.modelsMax { return }
    shares[model] = shares[model].map { $0 * 0.8 + reached * 0.2 } ?? reached
  }
}
