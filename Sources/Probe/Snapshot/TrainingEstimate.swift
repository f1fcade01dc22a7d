/// An estimate of the memory that training takes, in bytes.
public struct TrainingEstimate: Sendable, Equatable {
  /// A training method.
  public enum Method: String, Sendable, CaseIterable {
    case full, lora, qlora, qlora4, qlora8, prefix, dpo, rlhf, distill

    /// Percent of the model's size for the model, the optimizer, and the activations, by kind of device. Source:
    /// ai-hwaccel, so that its clients get the same figures.
    fileprivate var percents: (gpu: [Int], tpu: [Int], gaudi: [Int]) {
      switch self {
      case .full: ([100, 200, 100], [100, 150, 80], [100, 150, 90])
      case .lora: ([100, 10, 10], [100, 15, 12], [100, 12, 12])
      case .qlora, .qlora4: ([25, 10, 2], [40, 15, 5], [35, 12, 4])
      case .qlora8: ([50, 10, 5], [60, 15, 7], [55, 12, 7])
      case .prefix: ([100, 5, 5], [100, 5, 5], [100, 5, 6])
      case .dpo, .rlhf: ([200, 200, 150], [200, 150, 120], [200, 150, 130])
      case .distill: ([150, 100, 80], [150, 80, 60], [150, 90, 70])
      }
    }
  }

  /// The kind of device that trains.
  public enum Target: String, Sendable, CaseIterable { case gpu, cpu, tpu, gaudi }

  public var model: Int
  public var optimizer: Int
  public var activation: Int
  public var total: Int

  /// Estimates the training of a model of 16-bit parameters.
  public init(parameters: Int, method: Method, target: Target) {
    let percents =
      switch target {
      case .gpu, .cpu: method.percents.gpu
      case .tpu: method.percents.tpu
      case .gaudi: method.percents.gaudi
      }
    let base = Double(parameters.times(2))
    model = Int(saturating: base * Double(percents[0]) / 100)
    optimizer = Int(saturating: base * Double(percents[1]) / 100)
    activation = Int(saturating: base * Double(percents[2]) / 100)
    // The table rounds QLoRA's activations, which are a tenth of its model.
    if method == .qlora || method == .qlora4 { activation = model / 10 }
    total = model.plus(optimizer).plus(activation)
  }
}
