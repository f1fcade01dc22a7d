/// A scanned machine with precomputed figures, for endpoints and routing.
public struct Snapshot: Sendable {
  public let machine: Machine
  public let budget: MemoryBudget
  /// The budget of the machine if all of its memory were free.
  private let emptyBudget: MemoryBudget
  /// Bytes that stay free on each device.
  public let reserve: Int
  /// Bytes of memory of all usable devices.
  public let deviceBytes: Int
  /// Free bytes of all usable devices, less the reserve of each.
  public let freeBytes: Int
  /// Free bytes of the device with the most.
  public let largestFree: Int
  /// Usable bytes of the machine's memory.
  public let hostBytes: Int
  /// The machine as text, for `hoosh info` and the log.
  public let summary: String
  public let prices: Prices
  /// The measured speeds. Copied from each snapshot to the next.
  public var speed = SpeedCorrection()

  public init(_ machine: Machine, reserve: Int = 0, prices: Prices = .builtIn) {
    self.machine = machine
    self.reserve = max(0, reserve)
    self.prices = prices
    budget = MemoryBudget(machine, reserve: reserve)
    emptyBudget = MemoryBudget(machine.emptied, reserve: reserve)
    let usable = machine.usable
    deviceBytes = usable.reduce(0) { $0.plus($1.memory?.value ?? 0) }
    let free = usable.map { max(0, ($0.free?.value ?? $0.memory?.value ?? 0).minus(max(0, reserve))) }
    freeBytes = free.reduce(0) { $0.plus($1) }
    largestFree = free.max() ?? 0
    hostBytes = budget.host
    summary = Summary.text(machine)
  }

  /// The fit of a model of a given size.
  public struct Placement: Sendable, Equatable {
    /// The highest precision that fits on one device, or the lowest if none does.
    public var precision: Sizing.Precision
    public var bytes: Int
    public var fitsOneDevice: Bool
    public var fitsDevices: Bool
    public var fitsMemory: Bool
  }

  /// Returns the fit of a model of a given size. Fast: a few multiplications.
  public func placement(parameters: Int) -> Placement {
    var precision = Sizing.Precision.fp16
    var bytes = Sizing.bytes(parameters, .fp16)
    let limit = largestFree > 0 ? largestFree : hostBytes
    if bytes > limit {
      precision = .int8
      bytes = Sizing.bytes(parameters, .int8)
      if bytes > limit {
        precision = .int4
        bytes = Sizing.bytes(parameters, .int4)
      }
    }
    return Placement(
      precision: precision, bytes: bytes, fitsOneDevice: bytes <= largestFree, fitsDevices: bytes <= freeBytes,
      fitsMemory: bytes <= hostBytes)
  }

  /// Returns whether a model with this name could run on this machine, on devices or in memory; `nil` if the name
  /// contains no size.
  ///
  /// Free memory does not count, because the model itself may be what occupies it.
  public func fits(_ name: String) -> Bool? {
    guard let model = NamedModel.model(name) else { return nil }
    return Planner.plan(model, on: emptyBudget).fits
  }

  /// Minimum tokens of a measurement; shorter answers measure mostly the time to the first token.
  public static let tokensMin = 16

  /// Records the measured speed of a model on this machine: the tokens of one answer, and the seconds from the
  /// first token to the last. Ignored if the name contains no size or the model does not fit.
  public mutating func recordThroughput(_ name: String, tokens: Int, seconds: Double) {
    guard tokens >= Self.tokensMin, seconds > 0, let model = NamedModel.model(name),
      let estimate = Planner.plan(model, on: emptyBudget, speed: speed).tokensPerSecond
    else { return }
    speed.record(model: name, tokensPerSecond: Double(tokens) / seconds, estimate: estimate)
  }
}

extension Machine {
  /// The machine as if all of its memory were free.
  fileprivate var emptied: Machine {
    var machine = self
    machine.memory.available = memory.total
    for index in devices.indices { machine.devices[index].free = devices[index].memory }
    return machine
  }
}
