/// Where a fact comes from.
public enum Source: String, Sendable, CaseIterable {
  /// NVIDIA's management library.
  case nvml
  /// AMD's management library.
  case rocmSMI = "rocm-smi"
  /// Intel's compute interface.
  case levelZero = "level-zero"
  /// A Vulkan driver.
  case vulkan
  /// The kernel's description of compute nodes, `/sys/class/kfd`.
  case kfd
  /// The kernel's device files, `/sys`.
  case sysfs
  /// The kernel's process and system files, `/proc`.
  case procfs
  /// The limits of a control group.
  case cgroup
  /// A table of ours, by the device's identity.
  case table
  /// Calculated from other facts.
  case formula
  /// What a person said: a what-if.
  case edited
}

/// How far a fact can be trusted.
public enum Confidence: Int, Sendable, Comparable {
  /// A rule of thumb.
  case guessed
  /// By the device's identity alone: true of most that are sold under it.
  case tabulated
  /// Calculated from facts that are reported.
  case derived
  /// Said by the kernel or a driver that describes more than one vendor's devices.
  case reported
  /// Said by the driver of this very device.
  case exact

  public static func < (left: Confidence, right: Confidence) -> Bool { left.rawValue < right.rawValue }

  /// The word for it.
  public var name: String {
    switch self {
    case .guessed: "guessed"
    case .tabulated: "tabulated"
    case .derived: "derived"
    case .reported: "reported"
    case .exact: "exact"
    }
  }
}

/// A value together with who said it.
public struct Fact<Value: Sendable & Equatable>: Sendable, Equatable {
  /// The value.
  public var value: Value
  /// Who said it.
  public var source: Source
  /// How far it can be trusted.
  public var confidence: Confidence

  public init(_ value: Value, _ source: Source, _ confidence: Confidence = .reported) {
    self.value = value
    self.source = source
    self.confidence = confidence
  }

  /// The one that can be trusted more; the first of equals.
  static func better(_ first: Fact?, _ second: Fact?) -> Fact? {
    guard let first else { return second }
    guard let second else { return first }
    return second.confidence > first.confidence ? second : first
  }
}
