/// A machine with all that is asked of it often worked out: what an endpoint or the router reads. A value, made when
/// the machine is looked at and never changed.
public struct Snapshot: Sendable {
  public let machine: Machine
  public let budget: MemoryBudget
  /// The budget of the machine with nothing running on it.
  private let emptyBudget: MemoryBudget
  /// Bytes on each device that stay free by configuration.
  public let reserve: Int
  /// Bytes of all usable devices, and those that are free, less the reserve.
  public let deviceBytes: Int
  public let freeBytes: Int
  /// Free bytes of the device that has most.
  public let largestFree: Int
  /// Bytes of the machine's memory that may be used.
  public let hostBytes: Int
  /// What `hoosh info` and the log say, as text.
  public let summary: String
  public let prices: Prices
  /// What measurements taught about the estimates of speed; to be given on from one snapshot to the next.
  public var speed = SpeedCorrection()

  public init(_ machine: Machine, reserve: Int = 0, prices: Prices = .builtIn) {
    self.machine = machine
    self.reserve = max(0, reserve)
    self.prices = prices
    budget = MemoryBudget(machine, reserve: reserve)
    emptyBudget = MemoryBudget(machine.emptied, reserve: reserve)
    let usable = machine.usable
    deviceBytes = usable.reduce(0) { $0.plus($1.memory?.value ?? 0) }
    let free = usable.map { max(0, ($0.free?.value ?? $0.memory?.value ?? 0) - max(0, reserve)) }
    freeBytes = free.reduce(0) { $0.plus($1) }
    largestFree = free.max() ?? 0
    hostBytes = budget.host
    summary = Summary.text(machine)
  }

  /// Where so many parameters go.
  public struct Placement: Sendable, Equatable {
    /// The finest numbers that one device has room for; the coarsest, when none has.
    public var precision: Sizing.Precision
    public var bytes: Int
    public var fitsOneDevice: Bool
    public var fitsDevices: Bool
    public var fitsMemory: Bool
  }

  /// The answer to the shortest question: a handful of multiplications.
  public func placement(parameters: Int) -> Placement {
    var precision = Sizing.Precision.fp16
    var bytes = Sizing.bytes(parameters, .fp16)
    let most = largestFree > 0 ? largestFree : hostBytes
    if bytes > most {
      precision = .int8
      bytes = Sizing.bytes(parameters, .int8)
      if bytes > most {
        precision = .int4
        bytes = Sizing.bytes(parameters, .int4)
      }
    }
    return Placement(
      precision: precision, bytes: bytes, fitsOneDevice: bytes <= largestFree, fitsDevices: bytes <= freeBytes,
      fitsMemory: bytes <= hostBytes)
  }

  /// Whether a model of this name could run on this machine, on devices or in memory; nil when its name does not say
  /// how large it is.
  ///
  /// What is free now does not matter to that: the model itself may be what takes the memory.
  public func fits(_ name: String) -> Bool? {
    guard let model = NamedModel.model(name) else { return nil }
    return Planner.plan(model, on: emptyBudget).fits
  }

  /// Tokens below which a measurement is mostly the time before the first one.
  public static let tokensMin = 16

  /// Takes what a model of this name reached on this machine: tokens of one answer, and the seconds from its first to
  /// its last. Nothing is learned of a model whose name does not say how large it is, or that has no room here.
  public mutating func recordThroughput(_ name: String, tokens: Int, seconds: Double) {
    guard tokens >= Self.tokensMin, seconds > 0, let model = NamedModel.model(name),
      let estimate = Planner.plan(model, on: emptyBudget, speed: speed).tokensPerSecond
    else { return }
    speed.record(model: name, tokensPerSecond: Double(tokens) / seconds, estimate: estimate)
  }
}

extension Machine {
  /// The machine with all of its memory free.
  fileprivate var emptied: Machine {
    var machine = self
    machine.memory.available = memory.total
    for index in devices.indices { machine.devices[index].free = devices[index].memory }
    return machine
  }
}
