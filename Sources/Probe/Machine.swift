/// A machine's hardware: a value that a scan fills in, and that driver probes refine.
public struct Machine: Sendable, Equatable {
  public var processor = Processor()
  public var memory = HostMemory()
  /// All devices, including excluded ones, by PCI address.
  public var devices: [Device] = []
  public var fabric: [FabricPort] = []
  public var environment = RuntimeEnvironment()
  /// The results of the driver probes.
  public var driverProbes: [DriverProbe] = []

  public init() {}

  /// The devices that models can be placed on.
  public var usable: [Device] { devices.filter(\.isUsable) }
}

/// The processors that this process may use.
public struct Processor: Sendable, Equatable {
  public var name = ""
  /// Logical processors.
  public var threads = 1
  /// Physical cores.
  public var cores = 1
  /// Performance cores of a hybrid processor, or all cores.
  public var fastCores = 1
  /// The processor time that the control group allows, in processors; `nil` for no limit.
  public var quota: Double?
  /// Instruction set extensions that inference uses, by the kernel's names.
  public var features: [String] = []
  public var numaNodes: [NumaNode] = []
  public var isVirtual = false
  /// The memory bandwidth in gigabytes per second, if it is known.
  public var bandwidth: Fact<Double>?

  public init() {}

  /// The number of threads that decodes fastest: one per performance core, within the quota.
  public var decodeThreads: Int {
    let most = quota.map { max(1, Int(saturating: $0)) } ?? fastCores
    return max(1, min(fastCores, most))
  }
}

/// A NUMA node: memory, and the processors next to it.
public struct NumaNode: Sendable, Equatable {
  public var id: Int
  public var processors: Int
  public var memory: Int
  public var free: Int
  /// The distance to each node; 10 for this one.
  public var distances: [Int]

  public init(id: Int, processors: Int, memory: Int, free: Int, distances: [Int] = []) {
    self.id = id
    self.processors = processors
    self.memory = memory
    self.free = free
    self.distances = distances
  }
}

/// The machine's memory, within the limits of this process.
public struct HostMemory: Sendable, Equatable {
  /// Bytes of physical memory.
  public var installed = 0
  /// Bytes that this process may use: the installed memory, or the lowest limit of its control groups.
  public var total = Fact(0, Source.procfs)
  /// Bytes that are available without swapping.
  public var available = Fact(0, Source.procfs)
  public var swap = 0
  public var swapFree = 0
  /// The transparent huge page setting: `always`, `madvise` or `never`.
  public var transparentHugePages: String?
  /// The reserved huge pages, by size.
  public var hugePages: [HugePages] = []
  /// Bytes that this process may lock; `nil` for no limit.
  public var lockable: Int?
  /// Bytes on nodes without processors, such as a device's or an expander's. Not included in the values above.
  public var distant = 0

  public init() {}
}

/// The reserved huge pages of one size.
public struct HugePages: Sendable, Equatable {
  public var size: Int
  public var count: Int
  public var free: Int
}

/// An InfiniBand or RoCE port.
public struct FabricPort: Sendable, Equatable {
  public var device: String
  public var port: Int
  public var gigabitsPerSecond: Double
  public var isActive: Bool
  public var layer: String
}
