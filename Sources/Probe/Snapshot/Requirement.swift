/// The kind of device that a job requires, as `requirement` of `POST /v1/hardware/requirement-match` names it.
public enum Requirement: String, Sendable, CaseIterable {
  case none
  case gpu
  case tpu
  case gaudi
  case neuron = "aws-neuron"
  case gpuOrTPU = "gpu-or-tpu"
  case any = "any-accelerator"

  /// Whether a device is of this kind.
  public func matches(_ device: Device) -> Bool {
    switch self {
    case .none: true
    case .gpu: device.family == "gpu"
    case .tpu: device.family == "tpu"
    case .gaudi: device.backends.contains(.gaudi)
    case .neuron: device.backends.contains(.neuron)
    case .gpuOrTPU: device.family == "gpu" || device.family == "tpu"
    case .any: device.family != "none"
    }
  }
}
