/// A device that computes, or is listed as one that does, with every fact known about it.
public struct Device: Sendable, Equatable {
  /// The kind of a device.
  public enum Kind: String, Sendable {
    /// A graphics processor with its own memory.
    case discreteGPU = "gpu"
    /// A graphics processor that uses the machine's memory.
    case integratedGPU = "integrated-gpu"
    /// A graphics processor that a hypervisor provides.
    case virtualGPU = "virtual-gpu"
    /// A processor for neural networks that uses the machine's memory.
    case npu
    /// Google's tensor processor.
    case tpu
    /// Another accelerator with its own memory.
    case asic
    /// A program that renders on the processor; not a device.
    case softwareRenderer = "rasteriser"
    /// A display adapter that does not compute.
    case display
  }

  /// A programming interface that can run work on a device.
  public enum Backend: String, Sendable, Comparable, CaseIterable {
    case cuda
    case rocm
    case levelZero = "level-zero"
    case vulkan
    case tpu
    case gaudi
    case neuron
    case qualcomm
    case tenstorrent
    case openvino
    case xdna

    public static func < (left: Backend, right: Backend) -> Bool { left.rawValue < right.rawValue }
  }

  /// A partition that programs see as a separate device, as with NVIDIA's MIG.
  public struct Partition: Sendable, Equatable {
    public var uuid: String
    public var name: String
    /// Bytes of memory.
    public var memory: Int
    /// Bytes of free memory.
    public var free: Int

    public init(uuid: String, name: String, memory: Int, free: Int) {
      self.uuid = uuid
      self.name = name
      self.memory = memory
      self.free = free
    }
  }

  /// The PCI Express link: the fastest rate that both the slot and the device support, protocol overhead not
  /// subtracted.
  public struct Link: Sendable, Equatable {
    /// Billions of transfers per second and lane.
    public var gigatransfers: Double
    public var lanes: Int
    /// The current rate, which is lower while the device is idle.
    public var currentGigatransfers: Double?

    public init(gigatransfers: Double, lanes: Int, currentGigatransfers: Double? = nil) {
      self.gigatransfers = gigatransfers
      self.lanes = lanes
      self.currentGigatransfers = currentGigatransfers
    }

    /// Gigabytes per second in one direction. Source: PCI Express Base Specification 6.0, line codes.
    public var gigabytesPerSecond: Double {
      let share = gigatransfers < 8 ? 0.8 : gigatransfers < 64 ? 128.0 / 130 : 1
      return gigatransfers * share / 8 * Double(lanes)
    }
  }

  /// A direct connection to another device.
  public struct Peer: Sendable, Equatable {
    /// The address of the other device; `nil` for a switch.
    public var address: PCIAddress?
    /// `nvlink` or `xgmi`.
    public var kind: String
    /// Gigabytes per second in one direction, over all links.
    public var gigabytesPerSecond: Double

    public init(address: PCIAddress?, kind: String, gigabytesPerSecond: Double) {
      self.address = address
      self.kind = kind
      self.gigabytesPerSecond = gigabytesPerSecond
    }
  }

  /// Properties of a Vulkan driver that matter to ggml's shaders.
  public struct VulkanFacts: Sendable, Equatable {
    public var apiVersion = ""
    public var driverID = 0
    public var driver = ""
    public var subgroupSize = 0
    public var has16BitStorage = false
    public var hasFloat16 = false
    /// The shape of the 16-bit matrix product that a subgroup computes in one step, as in `16x16x16`.
    public var matrixShape: String?
    /// The maximum size of one tensor, in bytes.
    public var largestBuffer = 0

    public init() {}
  }

  /// Measurements that change from second to second.
  public struct Telemetry: Sendable, Equatable {
    public var busyPercent: Int?
    public var celsius: Int?
    public var watts: Double?
    public var wattsMax: Double?

    public init() {}
  }

  public var kind: Kind
  public var address: PCIAddress?
  /// The device's UUID, in lower case, without a vendor's prefix and without dashes.
  public var uuid: Fact<String>?
  /// The number of the device's render node, `/dev/dri/renderD…`.
  public var renderMinor: Int?
  public var vendor: String
  /// The PCI vendor and device ID, as in `10de:2684`.
  public var identity: String?
  public var name: Fact<String>
  /// The kernel driver that is bound to the device.
  public var kernelDriver: String?
  public var driverVersion: Fact<String>?
  /// The instruction set by its compiler's name, as in `sm_90` or `gfx1100`.
  public var architecture: Fact<String>?
  /// Bytes of memory that programs can use: the device's own, or its share of the machine's.
  public var memory: Fact<Int>?
  /// Bytes of free memory.
  public var free: Fact<Int>?
  /// Whether the device uses the machine's memory.
  public var isUnified = false
  /// The memory bandwidth, in gigabytes per second.
  public var bandwidth: Fact<Double>?
  public var link: Link?
  public var peers: [Peer] = []
  /// The xGMI group. Devices of one group can access each other's memory.
  public var hive: String?
  public var numaNode: Int?
  public var isAsleep = false
  public var partitions: [Partition] = []
  public var backends: Set<Backend> = []
  public var vulkan: VulkanFacts?
  public var telemetry = Telemetry()
  /// The reason why no model is placed on the device; `nil` if it can be used.
  public var exclusion: String?
  /// Hints for the operator.
  public var advice: [String] = []

  public init(kind: Kind, vendor: String, name: Fact<String>) {
    self.kind = kind
    self.vendor = vendor
    self.name = name
  }

  /// The device's ID in responses, which is the same after a restart.
  public var id: String {
    if let address { return "pci-\(address)" }
    if let uuid { return "uuid-\(uuid.value)" }
    return "\(kind.rawValue)-\(name.value)".lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "-" }
      .joined()
  }

  /// Whether models can be placed on the device.
  public var isUsable: Bool { exclusion == nil && (memory?.value ?? 0) > 0 }

  /// The family of the device, as in `GET /v1/hardware`.
  public var family: String {
    switch kind {
    case .discreteGPU, .integratedGPU, .virtualGPU: "gpu"
    case .npu: "npu"
    case .tpu: "tpu"
    case .asic: "ai_asic"
    case .softwareRenderer, .display: "none"
    }
  }
}
