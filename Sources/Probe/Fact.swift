/// The source of a fact.
public enum Source: String, Sendable, CaseIterable {
  /// NVIDIA's management library.
  case nvml
  /// AMD's management library.
  case rocmSMI = "rocm-smi"
  /// Intel's compute interface.
  case levelZero = "level-zero"
  /// A Vulkan driver.
  case vulkan
  /// The kernel's compute topology, `/sys/class/kfd`.
  case kfd
  /// The kernel's device files, `/sys`.
  case sysfs
  /// The kernel's process and system files, `/proc`.
  case procfs
  /// The limits of a control group.
  case cgroup
  /// A table in this module, by PCI ID.
  case table
  /// Calculated from other facts.
  case formula
  /// A caller's what-if.
  case edited
}

/// How reliable a fact is.
public enum Confidence: Int, Sendable, Comparable {
  /// A rule of thumb.
  case guessed
  /// Looked up by PCI ID: true of most devices that have this ID.
  case tabulated
  /// Calculated from reported facts.
  case derived
  /// Reported by the kernel, or by a driver for the devices of several vendors.
  case reported
  /// Reported by the driver of this device.
  case exact

  public static func < (left: Confidence, right: Confidence) -> Bool { left.rawValue < right.rawValue }

  /// The name in responses.
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

/// A value together with its source.
public struct Fact<Value: Sendable & Equatable>: Sendable, Equatable {
  public var value: Value
  public var source: Source
  public var confidence: Confidence

  public init(_ value: Value, _ source: Source, _ confidence: Confidence = .reported) {
    self.value = value
    self.source = source
    self.confidence = confidence
  }

  /// Returns the more reliable of two facts; the first if they are equally reliable.
  static func better(_ first: Fact?, _ second: Fact?) -> Fact? {
    guard let first else { return second }
    guard let second else { return first }
    return second.confidence > first.confidence ? second : first
  }
}
