/// Merges driver reports into the devices that the kernel lists. No source drops a device that another one found,
/// and no device is listed twice.
enum Merge {
  /// Adds one driver's report.
  static func add(_ report: DriverReport, from source: Source, to machine: inout Machine) {
    // A device without facts was cut off after its first line.
    for described in report.devices where described.device.facts.count > 0 {
      let fresh = DriverDevice(described, source, host: machine.memory).device
      if let index = match(fresh, in: machine.devices) {
        join(&machine.devices[index], fresh, source)
      } else {
        machine.devices.append(fresh)
      }
    }
    guard source == .nvml else { return }
    for index in machine.devices.indices where machine.devices[index].backends.contains(.cuda) {
      if let version = report.general.facts["driver_version"] {
        machine.devices[index].driverVersion = Fact(version, .nvml, .exact)
      }
    }
  }

  /// Returns the index of the same device: by address, then UUID, then render node. A device that has none of these
  /// is compared by name and memory.
  static func match(_ fresh: Device, in devices: [Device]) -> Int? {
    if let address = fresh.address {
      return devices.firstIndex { $0.address == address } ?? matchUnaddressed(fresh, devices)
    }
    return matchUnaddressed(fresh, devices)
  }

  private static func matchUnaddressed(_ fresh: Device, _ devices: [Device]) -> Int? {
    func isOther(_ device: Device) -> Bool {
      fresh.address != nil && device.address != nil && fresh.address != device.address
    }
    if let uuid = fresh.uuid?.value,
      let index = devices.firstIndex(where: { $0.uuid?.value == uuid && !isOther($0) })
    {
      return index
    }
    if let minor = fresh.renderMinor,
      let index = devices.firstIndex(where: { $0.renderMinor == minor && !isOther($0) })
    {
      return index
    }
    guard fresh.address == nil, fresh.renderMinor == nil, fresh.kind != .softwareRenderer else { return nil }
    return devices.firstIndex { device in
      guard plainName(device.name.value) == plainName(fresh.name.value) else { return false }
      guard let old = device.memory?.value, let new = fresh.memory?.value else { return true }
      return max(old, new).minus(min(old, new)) <= max(512 << 20, old / 20)
    }
  }

  /// Fills in missing facts, and replaces less reliable ones.
  private static func join(_ device: inout Device, _ fresh: Device, _ source: Source) {
    device.name = .better(device.name, fresh.name) ?? device.name
    device.uuid = device.uuid ?? fresh.uuid
    device.renderMinor = device.renderMinor ?? fresh.renderMinor
    device.architecture = .better(device.architecture, fresh.architecture)
    device.driverVersion = .better(device.driverVersion, fresh.driverVersion)
    device.bandwidth = .better(device.bandwidth, fresh.bandwidth)
    joinMemory(&device, fresh)
    device.isUnified = device.isUnified || (fresh.isUnified && source != .vulkan)
    device.link = device.link ?? fresh.link
    device.hive = device.hive ?? fresh.hive
    if device.peers.isEmpty { device.peers = fresh.peers }
    if !fresh.partitions.isEmpty { device.partitions = fresh.partitions }
    joinVulkan(&device, fresh)
    device.backends.formUnion(fresh.backends)
    device.exclusion = device.exclusion ?? (fresh.kind == .softwareRenderer ? nil : fresh.exclusion)
    for advice in fresh.advice where !device.advice.contains(advice) { device.advice.append(advice) }
    device.telemetry.busyPercent = fresh.telemetry.busyPercent ?? device.telemetry.busyPercent
    device.telemetry.celsius = fresh.telemetry.celsius ?? device.telemetry.celsius
    device.telemetry.watts = fresh.telemetry.watts ?? device.telemetry.watts
    device.telemetry.wattsMax = fresh.telemetry.wattsMax ?? device.telemetry.wattsMax
  }

  /// Takes total and free memory from the same source. For an integrated device, the kernel's figures are more
  /// accurate than a driver's heaps, unless they are guesses.
  private static func joinMemory(_ device: inout Device, _ fresh: Device) {
    guard let new = fresh.memory else { return }
    if let old = device.memory, old.confidence >= new.confidence {
      if device.free == nil { device.free = fresh.free }
      return
    }
    device.memory = new
    device.free = fresh.free
  }

  /// Keeps the better of two Vulkan drivers for one device.
  private static func joinVulkan(_ device: inout Device, _ fresh: Device) {
    guard let new = fresh.vulkan else { return }
    if let old = device.vulkan, rank(old.driverID) <= rank(new.driverID) { return }
    device.vulkan = new
  }

  /// Returns a driver's rank; lower is better. By VkDriverId: RADV, AMD's two, Mesa's Intel, NVIDIA's, NVK,
  /// Qualcomm's, Turnip; then unknown ones, and Dozen last.
  static func rank(_ driverID: Int) -> Int {
    [3, 2, 1, 6, 5, 4, 24, 8, 18].firstIndex(of: driverID) ?? (driverID == 23 ? 100 : 50)
  }

  /// Returns a UUID in lower case, without prefix and dashes.
  static func plainUUID(_ text: String) -> String {
    var text = text.lowercased()
    for prefix in ["gpu-", "0x"] where text.hasPrefix(prefix) { text = String(text.dropFirst(prefix.count)) }
    return text.filter { $0 != "-" }
  }

  /// Returns a device name without vendor names and punctuation, for comparison.
  static func plainName(_ text: String) -> String {
    var words = text.lowercased().split { !$0.isLetter && !$0.isNumber }
    words.removeAll { ["nvidia", "amd", "intel", "graphics", "r", "tm", "radv", "corporation"].contains($0) }
    return words.joined(separator: " ")
  }

  /// Completes a machine after the last report: lists partitions as devices, sorts by address, and applies the
  /// variables that hide devices.
  static func finish(_ machine: inout Machine, environment: [String: String]) {
    var parts: [Device] = []
    for index in machine.devices.indices where !machine.devices[index].partitions.isEmpty {
      let whole = machine.devices[index]
      machine.devices[index].exclusion =
        "divided into \(whole.partitions.count) parts, which are listed as devices"
      parts += whole.partitions.map { part(of: whole, $0) }
    }
    machine.devices.removeAll { device in device.address == nil && parts.contains { $0.id == device.id } }
    machine.devices += parts
    machine.devices.sort { order($0) < order($1) }
    Visibility(environment).apply(to: &machine.devices)
  }

  private static func order(_ device: Device) -> String { device.address?.description ?? "~" + device.id }

  private static func part(of whole: Device, _ partition: Device.Partition) -> Device {
    var device = whole
    device.address = nil
    device.partitions = []
    device.peers = []
    device.exclusion = nil
    device.uuid = Fact(partition.uuid.lowercased(), .nvml, .exact)
    device.name = Fact(partition.name.isEmpty ? whole.name.value + " part" : partition.name, .nvml, .exact)
    device.memory = Fact(partition.memory, .nvml, .exact)
    device.free = Fact(partition.free, .nvml, .exact)
    // A partition has a proportional share of the memory bandwidth.
    if let bandwidth = whole.bandwidth, let memory = whole.memory?.value, memory > 0 {
      device.bandwidth = Fact(
        bandwidth.value * min(1, Double(partition.memory) / Double(memory)), .formula, .derived)
    }
    device.backends = [.cuda]
    device.vulkan = nil
    return device
  }
}

/// The environment variables that hide devices from CUDA and ROCm. The management libraries ignore them.
struct Visibility {
  let environment: [String: String]

  init(_ environment: [String: String]) { self.environment = environment }

  /// Removes the backends from which devices are hidden, and excludes devices without any other.
  func apply(to devices: inout [Device]) {
    hide(&devices, .cuda, "CUDA_VISIBLE_DEVICES")
    for name in ["ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"] { hide(&devices, .rocm, name) }
  }

  private func hide(_ devices: inout [Device], _ backend: Device.Backend, _ name: String) {
    guard let value = environment[name] else { return }
    let all = devices.indices.filter { devices[$0].backends.contains(backend) }
    var shown = Set<Int>()
    for word in value.split(separator: ",") {
      // Like CUDA, stop at the first entry that matches no device.
      guard let index = find(word.lowercased(), all, devices) else { break }
      shown.insert(index)
    }
    for index in all where !shown.contains(index) {
      devices[index].backends.remove(backend)
      devices[index].advice.append("hidden from \(backend.rawValue) by \(name)=\(value)")
      if devices[index].backends.isEmpty {
        devices[index].exclusion = devices[index].exclusion ?? "hidden by \(name)"
      }
    }
  }

  private func find(_ word: String, _ all: [Int], _ devices: [Device]) -> Int? {
    if let number = Int(word) { return all.indices.contains(number) ? all[number] : nil }
    let uuid = word.hasPrefix("mig-") ? word : Merge.plainUUID(word)
    guard !uuid.isEmpty else { return nil }
    return all.first { devices[$0].uuid?.value.hasPrefix(uuid) == true }
  }
}
