/// Where a model goes, and why.
public struct Plan: Sendable, Equatable {
  /// How it goes there; the better first.
  public enum Mode: String, Sendable {
    /// One device has all of it.
    case single = "single device"
    /// Several devices have some layers each.
    case split = "several devices"
    /// Experts stay in the machine's memory, everything else is on devices.
    case expertsInMemory = "experts in memory"
    /// Some layers stay in the machine's memory.
    case partial = "partly in memory"
    /// The processors do all of it.
    case processor = "processor"
    /// There is no room.
    case none = "does not fit"
  }

  /// What one device takes.
  public struct Share: Sendable, Equatable {
    public var device: String
    public var name: String
    public var layers: Int
    public var bytes: Int
    public var hasOutput: Bool
  }

  public var mode: Mode
  public var shares: [Share] = []
  /// Layers whose experts stay in the machine's memory.
  public var expertLayersInMemory = 0
  /// Layers that stay there altogether.
  public var layersInMemory = 0
  /// Bytes in the machine's memory.
  public var hostBytes = 0
  public var demand: Demand
  /// Tokens a second of one conversation: from, and to.
  public var tokensPerSecond: ClosedRange<Double>?
  /// Why it is this plan and not a better one; a sentence for each device.
  public var reasons: [String] = []
  /// What a person could do.
  public var advice: [String] = []

  /// Whether it runs at all.
  public var fits: Bool { mode != .none }
  /// Bytes of all shares.
  public var deviceBytes: Int { shares.reduce(0) { $0.plus($1.bytes) } }
  /// Whether devices have all of it.
  public var isOnDevices: Bool { mode == .single || mode == .split }
}
