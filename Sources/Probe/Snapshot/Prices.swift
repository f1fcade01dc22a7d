/// The prices of cloud instances, from a dated file. Prices change often, so operators can replace the file.
public struct Prices: Sendable, Equatable {
  /// An instance type.
  public struct Instance: Sendable, Equatable {
    public var provider: String
    public var name: String
    public var device: String
    public var deviceCount: Int
    /// Gigabytes of device memory, over all devices.
    public var gigabytes: Int
    /// US cents per hour.
    public var cents: Int
  }

  /// Maximum number of instances in a file; further ones are ignored.
  static let instancesMax = 4096

  /// The date of the prices, as the file states it.
  public var date: String
  public var instances: [Instance]

  /// The prices that ship with hoosh.
  public static let builtIn = Prices(PackageResources.instance_prices_json) ?? Prices(date: "", instances: [])

  init(date: String, instances: [Instance]) {
    self.date = date
    self.instances = instances
  }

  /// Parses a price file; returns `nil` if it is invalid.
  public init?(_ json: [UInt8]) {
    var date = ""
    var instances: [Instance] = []
    var walker = JSONReader(json)
    do throws(JSONParseError) {
      try walker.members { (key, walker) throws(JSONParseError) in
        if key == "date" { date = try walker.text() ?? "" }
        guard key == "instances", walker.peek() == .array else { return }
        try walker.elements { (walker) throws(JSONParseError) in
          if let instance = try Self.instance(&walker), instances.count < Self.instancesMax {
            instances.append(instance)
          }
        }
      }
    } catch { return nil }
    guard walker.isAtEnd() else { return nil }
    self.init(date: date, instances: instances)
  }

  private static func instance(_ walker: inout JSONReader) throws(JSONParseError) -> Instance? {
    guard walker.peek() == .object else { return nil }
    var instance = Instance(provider: "", name: "", device: "", deviceCount: 0, gigabytes: 0, cents: 0)
    try walker.members { (key, walker) throws(JSONParseError) in
      switch key {
      case "provider": instance.provider = try walker.text() ?? ""
      case "instance": instance.name = try walker.text() ?? ""
      case "device": instance.device = try walker.text() ?? ""
      case "count": instance.deviceCount = try walker.integer() ?? 0
      case "memory_gb": instance.gigabytes = try walker.integer() ?? 0
      case "usd_per_hour": instance.cents = Int(saturating: ((try walker.decimal() ?? 0) * 100).rounded())
      default: break
      }
    }
    return instance.gigabytes > 0 && instance.cents > 0 && !instance.name.isEmpty ? instance : nil
  }

  /// Returns the cheapest instances with at least the given bytes of device memory.
  public func cheapest(_ bytes: Int, provider: String? = nil, limit: Int = 5) -> [Instance] {
    let fitting = instances.filter {
      $0.gigabytes.times(1_000_000_000) >= bytes && (provider == nil || $0.provider == provider)
    }
    return Array(fitting.sorted { ($0.cents, $0.name) < ($1.cents, $1.name) }.prefix(limit))
  }
}
