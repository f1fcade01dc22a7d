/// The report of a driver's process, split by device. The input is untrusted and may be truncated anywhere.
struct DriverReport: Equatable {
  /// Maximum number of devices, and of lines.
  static let devicesMax = 128
  static let linesMax = 20_000

  /// The facts of one device or partition.
  struct Part: Equatable {
    /// The first value of each field.
    var facts: [String: String] = [:]
    /// All values of the fields that may occur several times.
    var lists: [String: [String]] = [:]

    /// Returns the value of a field that is a non-negative integer.
    func number(_ name: String) -> Int? { facts[name].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil } }
  }

  /// A device and its partitions.
  struct Device: Equatable {
    var device = Part()
    var partitions: [Part] = []
  }

  var general = Part()
  var devices: [Device] = []
  /// The code in the last line; `nil` if the report is incomplete.
  var code: Int?

  init(_ bytes: [UInt8]) {
    var count = 0
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      count += 1
      if count > Self.linesMax { return }
      let space = line.firstIndex(of: UInt8(ascii: " ")) ?? line.endIndex
      let name = String(decoding: line[..<space], as: UTF8.self)
      let value = space == line.endIndex ? "" : String(decoding: line[(space + 1)...], as: UTF8.self)
      take(name, value)
    }
  }

  private mutating func take(_ name: String, _ value: String) {
    switch name {
    case "device": if devices.count < Self.devicesMax { devices.append(Device()) }
    case "partition":
      guard let last = devices.indices.last, devices[last].partitions.count < Self.devicesMax else { return }
      devices[last].partitions.append(Part())
    // A C int.
    case "end": code = Int32(value).map { Int($0) }
    default:
      guard let last = devices.indices.last else { return general.add(name, value) }
      if let part = devices[last].partitions.indices.last {
        devices[last].partitions[part].add(name, value)
      } else {
        devices[last].device.add(name, value)
      }
    }
  }
}

extension DriverReport.Part {
  fileprivate mutating func add(_ name: String, _ value: String) {
    if name == "heap" || name == "nvlink" { lists[name, default: []].append(value) }
    if facts[name] == nil { facts[name] = value }
  }
}
