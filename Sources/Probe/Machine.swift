/// What a machine has: a value, complete from the first moment and better once the drivers have answered.
public struct Machine: Sendable, Equatable {
  public var processor = Processor()
  public var memory = HostMemory()
  /// Devices in the order of their addresses, those that are excluded too.
  public var devices: [Device] = []
  public var fabric: [FabricPort] = []
  public var environment = RuntimeEnvironment()
  /// The drivers that were asked, and what became of it.
  public var driverProbes: [DriverProbe] = []

  public init() {}

  /// Devices that models are planned onto.
  public var usable: [Device] { devices.filter(\.isUsable) }
}

/// The central processors that this process may use.
public struct Processor: Sendable, Equatable {
  public var name = ""
  /// Logical processors that this process may run on.
  public var threads = 1
  /// Cores of them.
  public var cores = 1
  /// Fast ones of a hybrid processor; all, when all are alike.
  public var fastCores = 1
  /// Processors' worth of time that the control group allows, if it limits that.
  public var quota: Double?
  /// Instruction set extensions that matter to inference, in the kernel's words.
  public var features: [String] = []
  public var numaNodes: [NumaNode] = []
  public var isVirtual = false
  /// Gigabytes a second from memory, if anything says so.
  public var bandwidth: Fact<Double>?

  public init() {}

  /// Threads that are best for making tokens: one on each fast core, within the quota.
  public var decodeThreads: Int {
    let most = quota.map { max(1, Int($0)) } ?? fastCores
    return max(1, min(fastCores, most))
  }
}

/// A node of memory and the processors next to it.
public struct NumaNode: Sendable, Equatable {
  public var id: Int
  public var processors: Int
  public var memory: Int
  public var free: Int
  /// Distance to each node, this one 10.
  public var distances: [Int]

  public init(id: Int, processors: Int, memory: Int, free: Int, distances: [Int] = []) {
    self.id = id
    self.processors = processors
    self.memory = memory
    self.free = free
    self.distances = distances
  }
}

/// The machine's memory, within the limits that this process has.
public struct HostMemory: Sendable, Equatable {
  /// Bytes that the machine has.
  public var installed = 0
  /// Bytes that this process could have: what is installed, or the narrowest limit above it.
  public var total = Fact(0, Source.procfs)
  /// Bytes that could be had now without swapping.
  public var available = Fact(0, Source.procfs)
  public var swap = 0
  public var swapFree = 0
  /// Whether large pages are given without asking: `always`, `madvise` or `never`.
  public var transparentHugePages: String?
  /// Reserved large pages: their size in bytes, how many there are and how many are free.
  public var hugePages: [HugePages] = []
  /// Bytes that this process may lock; nil for no limit.
  public var lockable: Int?
  /// Memory of nodes without processors: a device's or an expander's, in no sum above.
  public var distant = 0

  public init() {}
}

/// Reserved large pages of one size.
public struct HugePages: Sendable, Equatable {
  public var size: Int
  public var count: Int
  public var free: Int
}

/// A port of InfiniBand or RoCE.
public struct FabricPort: Sendable, Equatable {
  public var device: String
  public var port: Int
  public var gigabitsPerSecond: Double
  public var isActive: Bool
  public var layer: String
}
