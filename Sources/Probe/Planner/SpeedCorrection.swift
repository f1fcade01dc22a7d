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
