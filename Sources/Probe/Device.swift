/// One device that computes, or that looks as if it did, with everything that is known of it.
public struct Device: Sendable, Equatable {
  /// What a device is.
  public enum Kind: String, Sendable {
    /// A graphics processor with memory of its own.
    case discreteGPU = "gpu"
    /// A graphics processor that uses the machine's memory.
    case integratedGPU = "integrated-gpu"
    /// A graphics processor lent by a hypervisor.
    case virtualGPU = "virtual-gpu"
    /// A processor for neural networks that uses the machine's memory.
    case npu
    /// Google's tensor processor.
    case tpu
    /// Another accelerator with memory of its own.
    case asic
    /// A program that draws: no device at all.
    case softwareRenderer = "rasteriser"
    /// A screen adapter that does not compute.
    case display
  }

  /// Who can run work on the device.
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

  /// A share of a device that is a device of its own to programs, as with NVIDIA's MIG.
  public struct Partition: Sendable, Equatable {
    /// Its unique name.
    public var uuid: String
    /// What it is called.
    public var name: String
    /// Bytes of its memory.
    public var memory: Int
    /// Bytes of it that are free.
    public var free: Int

    public init(uuid: String, name: String, memory: Int, free: Int) {
      self.uuid = uuid
      self.name = name
      self.memory = memory
      self.free = free
    }
  }

  /// The fastest that the device's slot and the device can do together; theory, without protocol.
  public struct Link: Sendable, Equatable {
    /// Transfers a second and lane, in billions.
    public var gigatransfers: Double
    /// Lanes.
    public var lanes: Int
    /// What the link runs at now, which is less while the device is idle.
    public var currentGigatransfers: Double?

    public init(gigatransfers: Double, lanes: Int, currentGigatransfers: Double? = nil) {
      self.gigatransfers = gigatransfers
      self.lanes = lanes
      self.currentGigatransfers = currentGigatransfers
    }

    /// Gigabytes a second in one direction. Source: PCI Express Base Specification 6.0, line codes.
    public var gigabytesPerSecond: Double {
      let share = gigatransfers < 8 ? 0.8 : gigatransfers < 64 ? 128.0 / 130 : 1
      return gigatransfers * share / 8 * Double(lanes)
    }
  }

  /// A direct connection to another device.
  public struct Peer: Sendable, Equatable {
    /// The other end; nil when it is a switch.
    public var address: PCIAddress?
    /// `nvlink` or `xgmi`.
    public var kind: String
    /// Gigabytes a second in one direction, all links together.
    public var gigabytesPerSecond: Double

    public init(address: PCIAddress?, kind: String, gigabytesPerSecond: Double) {
      self.address = address
      self.kind = kind
      self.gigabytesPerSecond = gigabytesPerSecond
    }
  }

  /// What a Vulkan driver says that matters to ggml's shaders.
  public struct VulkanFacts: Sendable, Equatable {
    public var apiVersion = ""
    public var driverID = 0
    public var driver = ""
    public var subgroupSize = 0
    public var has16BitStorage = false
    public var hasFloat16 = false
    /// The shape of a 16-bit matrix product that a subgroup does at once, as in `16x16x16`.
    public var matrixShape: String?
    /// Bytes that one tensor can have at most.
    public var largestBuffer = 0

    public init() {}
  }

  /// What changes from second to second.
  public struct Telemetry: Sendable, Equatable {
    public var busyPercent: Int?
    public var celsius: Int?
    public var watts: Double?
    public var wattsMax: Double?

    public init() {}
  }

  public var kind: Kind
  public var address: PCIAddress?
  /// The driver's unique name of the device, in lower case and without a vendor's prefix and dashes.
  public var uuid: Fact<String>?
  /// The number of its render node, `/dev/dri/renderD…`.
  public var renderMinor: Int?
  public var vendor: String
  /// `vendor:device` of its PCI identity.
  public var identity: String?
  public var name: Fact<String>
  /// The kernel's driver that holds it.
  public var kernelDriver: String?
  public var driverVersion: Fact<String>?
  /// The instruction set as its compiler calls it: `sm_90`, `gfx1100`.
  public var architecture: Fact<String>?
  /// Bytes of memory that programs can have, its own or of the machine's what it may take.
  public var memory: Fact<Int>?
  /// Bytes of it that are free now.
  public var free: Fact<Int>?
  /// Whether its memory is the machine's memory.
  public var isUnified = false
  /// Gigabytes a second from its memory.
  public var bandwidth: Fact<Double>?
  public var link: Link?
  public var peers: [Peer] = []
  /// Those with the same name can reach each other's memory.
  public var hive: String?
  public var numaNode: Int?
  public var isAsleep = false
  public var partitions: [Partition] = []
  public var backends: Set<Backend> = []
  public var vulkan: VulkanFacts?
  public var telemetry = Telemetry()
  /// Why nothing is planned for it; nil when it can be used.
  public var exclusion: String?
  /// What a person can do so that it serves better, or should know.
  public var advice: [String] = []

  public init(kind: Kind, vendor: String, name: Fact<String>) {
    self.kind = kind
    self.vendor = vendor
    self.name = name
  }

  /// What the device is called in answers: the same on the next start.
  public var id: String {
    if let address { return "pci-\(address)" }
    if let uuid { return "uuid-\(uuid.value)" }
    return "\(kind.rawValue)-\(name.value)".lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "-" }
      .joined()
  }

  /// Whether models are planned onto it: their memory counts.
  public var isUsable: Bool { exclusion == nil && (memory?.value ?? 0) > 0 }

  /// Hoosh's family of it, as in `GET /v1/hardware`.
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
