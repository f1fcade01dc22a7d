/// What a plan may use: the devices' free memory less a margin, and the machine's.
public struct MemoryBudget: Sendable, Equatable {
  /// One device that takes layers.
  public struct Device: Sendable, Equatable {
    public var id: String
    public var name: String
    /// Bytes that may be used.
    public var bytes: Int
    /// Bytes that are free, the margin included.
    public var free: Int
    /// Gigabytes a second from its memory.
    public var bandwidth: Double
    public var isUnified: Bool
    public var numaNode: Int?
    public var hive: String?
  }

  /// The fastest first.
  public var devices: [Device] = []
  /// Devices that take nothing, and why.
  public var rejected: [(id: String, reason: String)] = []
  /// Bytes of the machine's memory.
  public var host = 0
  public var hostBandwidth: Double
  public var threads: Int

  public static func == (left: MemoryBudget, right: MemoryBudget) -> Bool {
    left.devices == right.devices && left.host == right.host && left.rejected.map(\.id) == right.rejected.map(\.id)
  }

  /// A device's memory that is left for others: 512 MiB or a twentieth, whichever is more.
  static func margin(_ total: Int) -> Int { max(512 << 20, total / 20) }

  /// Bandwidth that is assumed when nothing says more: a slow graphics card's, and two channels of memory.
  static let unknownDevice = 200.0
  static let unknownHost = 40.0

  /// `reserve` is kept free on each device beside the margin.
  public init(_ machine: Machine, reserve: Int = 0) {
    threads = machine.processor.decodeThreads
    hostBandwidth = machine.processor.bandwidth?.value ?? Self.unknownHost
    let available = machine.memory.available.value
    host = max(0, available - Self.margin(min(available, 32 << 30)))
    var shared = host
    for device in machine.devices {
      guard device.kind != .softwareRenderer, device.kind != .display else { continue }
      if let reason = device.exclusion {
        rejected.append((device.id, reason))
        continue
      }
      guard let total = device.memory?.value, total > 0 else {
        rejected.append((device.id, "nothing says how much memory it has"))
        continue
      }
      let free = min(device.free?.value ?? total, total)
      var bytes = free - Self.margin(total) - device.driverOverhead - max(0, reserve)
      if device.isUnified { bytes = min(bytes, shared) }
      guard bytes > 0 else {
        rejected.append(
          (device.id, "of \(Bytes.text(total)) only \(Bytes.text(free)) are free, and a margin is kept"))
        continue
      }
      if device.isUnified { shared -= bytes }
      devices.append(
        Device(
          id: device.id, name: device.name.value, bytes: bytes, free: free,
          bandwidth: device.bandwidth?.value ?? (device.isUnified ? hostBandwidth : Self.unknownDevice),
          isUnified: device.isUnified, numaNode: device.numaNode, hive: device.hive))
    }
    devices.sort { ($0.isUnified ? 1 : 0, -$0.bandwidth, $0.id) < ($1.isUnified ? 1 : 0, -$1.bandwidth, $1.id) }
  }
}

extension Device {
  /// Bytes that a driver takes for itself when the first program uses it.
  fileprivate var driverOverhead: Int {
    backends.contains(.cuda) || backends.contains(.rocm) ? 400 << 20 : 150 << 20
  }
}

extension MemoryBudget {
  /// Returns how many devices together have the bytes free, the largest first; `nil` if all of them do not.
  public func shards(_ bytes: Int) -> Int? {
    var left = bytes
    var count = 0
    for free in devices.map(\.free).sorted(by: >) where left > 0 {
      left -= free
      count += 1
    }
    return left <= 0 ? count : nil
  }
}
