/// The placement of a model, with reasons.
public struct Plan: Sendable, Equatable {
  /// The kind of placement, best first.
  public enum Mode: String, Sendable {
    /// One device holds the model.
    case single = "single device"
    /// Several devices hold some layers each.
    case split = "several devices"
    /// Experts stay in the machine's memory; devices hold everything else.
    case expertsInMemory = "experts in memory"
    /// Some layers stay in the machine's memory.
    case partial = "partly in memory"
    /// The processor runs the model.
    case processor = "processor"
    case none = "does not fit"
  }

  /// The part of the model that one device holds.
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
  /// Layers that stay in the machine's memory completely.
  public var layersInMemory = 0
  /// Bytes of the machine's memory.
  public var hostBytes = 0
  public var demand: Demand
  /// The estimated decode speed of one sequence, in tokens per second.
  public var tokensPerSecond: ClosedRange<Double>?
  /// Why no better placement is possible, by device.
  public var reasons: [String] = []
  /// Hints for a better placement.
  public var advice: [String] = []

  /// Whether the model fits at all.
  public var fits: Bool { mode != .none }
  /// Bytes of all shares.
  public var deviceBytes: Int { shares.reduce(0) { $0.plus($1.bytes) } }
  /// Whether devices hold the whole model.
  public var isOnDevices: Bool { mode == .single || mode == .split }
}
