/// A correction of speed estimates from live traffic: the share of the bandwidth that each model reaches.
public struct SpeedCorrection: Sendable, Equatable {
  /// Maximum number of models.
  static let modelsMax = 256
  private var shares: [String: Double] = [:]

  public init() {}

  /// Returns the share that a model reaches; `nil` if it was never measured.
  public func share(of model: String) -> Double? { shares[model] }

  /// Records a measured speed, next to the plan's estimate. After the first, a measurement counts for 20 %.
  public mutating func record(model: String, tokensPerSecond: Double, estimate: ClosedRange<Double>) {
    guard tokensPerSecond.isFinite, tokensPerSecond > 0, estimate.upperBound > 0 else { return }
    let seconds = (share(of: model).map { $0 * 1.05 } ?? Speed.reached.upperBound) / estimate.upperBound
    let reached = min(1.2, max(0.02, tokensPerSecond * seconds))
    if shares[model] == nil, shares.count >= Self.modelsMax { return }
    shares[model] = shares[model].map { $0 * 0.8 + reached * 0.2 } ?? reached
  }
}
