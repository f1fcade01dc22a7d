/// The memory that a plan may use: the free memory of the devices and of the machine, less a margin.
public struct MemoryBudget: Sendable, Equatable {
  /// A device that can hold layers.
  public struct Device: Sendable, Equatable {
    public var id: String
    public var name: String
    /// Usable bytes.
    public var bytes: Int
    /// Free bytes, including the margin.
    public var free: Int
    /// The memory bandwidth, in gigabytes per second.
    public var bandwidth: Double
    public var isUnified: Bool
    public var numaNode: Int?
    public var hive: String?
  }

  /// The devices, fastest first.
  public var devices: [Device] = []
  /// Devices that cannot hold layers, with the reasons.
  public var rejected: [(id: String, reason: String)] = []
  /// Usable bytes of the machine's memory.
  public var host = 0
  public var hostBandwidth: Double
  public var threads: Int

  public static func == (left: MemoryBudget, right: MemoryBudget) -> Bool {
    left.devices == right.devices && left.host == right.host && left.rejected.map(\.id) == right.rejected.map(\.id)
  }

  /// Returns the part of a memory that stays unused: 512 MiB or 5 %, whichever is more.
  static func margin(_ total: Int) -> Int { max(512 << 20, total / 20) }

  /// The bandwidth if it is unknown: that of a slow graphics card, and of two memory channels.
  static let unknownDevice = 200.0
  static let unknownHost = 40.0

  /// Calculates the budget of a machine. `reserve` bytes stay free on each device in addition to the margin.
  public init(_ machine: Machine, reserve: Int = 0) {
    threads = machine.processor.decodeThreads
    hostBandwidth = machine.processor.bandwidth?.value ?? Self.unknownHost
    let available = machine.memory.available.value
    host = max(0, available.minus(Self.margin(min(available, 32 << 30))))
    var shared = host
    for device in machine.devices {
      guard device.kind != .softwareRenderer, device.kind != .display else { continue }
      if let reason = device.exclusion {
        rejected.append((device.id, reason))
        continue
      }
      guard let total = device.memory?.value, total > 0 else {
        rejected.append((device.id, "its memory size is unknown"))
        continue
      }
      let free = min(device.free?.value ?? total, total)
      var bytes = free.minus(Self.margin(total)).minus(device.driverOverhead).minus(max(0, reserve))
      if device.isUnified { bytes = min(bytes, shared) }
      guard bytes > 0 else {
        rejected.append(
          (device.id, "only \(Bytes.text(free)) of \(Bytes.text(total)) are free, which is within the margin"))
        continue
      }
      if device.isUnified { shared = shared.minus(bytes) }
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
  /// Bytes that the driver takes for the first program that uses the device.
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
      left = left.minus(free)
      count += 1
    }
    return left <= 0 ? count : nil
  }
}
