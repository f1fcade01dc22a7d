/// A device as one driver reports it.
struct DriverDevice {
  private(set) var device: Device

  init(_ described: DriverReport.Device, _ source: Source, host: HostMemory) {
    let part = described.device
    let name = part.facts["name"] ?? "device \(part.facts["device"] ?? "")"
    device = Device(kind: .discreteGPU, vendor: "", name: Fact(name, source, .exact))
    device.address = part.facts["pci"].flatMap { PCIAddress($0) }
    if let uuid = part.facts["uuid"], !uuid.isEmpty { device.uuid = Fact(Merge.plainUUID(uuid), source, .exact) }
    switch source {
    case .nvml: readNVML(part, described.partitions, host)
    case .rocmSMI:
      device.vendor = "AMD"
      device.backends = [.rocm]
      device.hive = part.facts["hive"]
      takeMemory(part, source)
    case .levelZero:
      device.vendor = "Intel"
      device.backends = [.levelZero]
      takeMemory(part, source)
    default: readVulkan(part, host)
    }
    device.telemetry.busyPercent = part.number("busy")
    device.telemetry.celsius = part.number("temperature")
    device.telemetry.watts = part.number("power_mw").map { Double($0) / 1000 }
    device.telemetry.wattsMax = part.number("power_limit_mw").map { Double($0) / 1000 }
  }

  private mutating func takeMemory(_ part: DriverReport.Part, _ source: Source) {
    guard let total = part.number("memory_total"), total > 0 else { return }
    device.memory = Fact(total, source, .exact)
    device.free = part.number("memory_free").map { Fact(min($0, total), source, .exact) }
  }
}

extension DriverDevice {
  private mutating func readNVML(_ part: DriverReport.Part, _ partitions: [DriverReport.Part], _ host: HostMemory) {
    device.vendor = "NVIDIA"
    device.backends = [.cuda]
    takeMemory(part, .nvml)
    if part.number("memory_code") == 3 {
      // Not supported: the device has no memory of its own, as on Jetson, and uses the machine's.
      device.isUnified = true
      device.memory = Fact(host.total.value, .nvml, .derived)
      device.free = Fact(host.available.value, .nvml, .derived)
    }
    if let code = part.number("code") { device.exclusion = DriverOutcomes.nvml(code) }
    device.architecture = part.facts["architecture"].map { Fact($0, .nvml, .exact) }
    if let width = part.number("bus_width"), let clock = part.number("memory_mhz"), width <= 65536,
      clock <= 1_000_000
    {
      device.bandwidth = Fact(Double(clock.times(2).times(width)) / 8000, .nvml, .derived)
    }
    if let generation = part.number("link_generation"), let lanes = part.number("link_lanes"),
      (1...32).contains(lanes),
      (1...7).contains(generation)
    {
      device.link = Device.Link(gigatransfers: [2.5, 5, 8, 16, 32, 64, 128][generation - 1], lanes: lanes)
    }
    readLinks(part.lists["nvlink"] ?? [])
    if part.facts["mig"] != nil {
      device.partitions = partitions.map {
        Device.Partition(
          uuid: $0.facts["uuid"] ?? "", name: $0.facts["name"] ?? "", memory: $0.number("memory_total") ?? 0,
          free: $0.number("memory_free") ?? 0)
      }
    }
  }

  /// Reads the NVLink peers. The rates are gigabytes per second, direction, and link, by version. Source: NVIDIA's
  /// data sheets of P100 to B200.
  private mutating func readLinks(_ links: [String]) {
    let rates: [Double] = [0, 20, 25, 25, 25, 50]
    var sums: [PCIAddress?: Double] = [:]
    for link in links.prefix(64) {
      let words = link.split(separator: " ")
      guard let version = words.first.flatMap({ Int($0) }) else { continue }
      let rate = rates[max(0, min(version, rates.count - 1))]
      sums[words.count > 1 ? PCIAddress(words[1]) : nil, default: 0] += rate
    }
    device.peers = sums.map { Device.Peer(address: $0.key, kind: "nvlink", gigabytesPerSecond: $0.value) }
      .sorted { ($0.address?.description ?? "") < ($1.address?.description ?? "") }
  }

  /// Reads a Vulkan device. In the Vulkan specification, device type 1 is integrated, 2 discrete, 3 virtual, and 4
  /// a processor; driver 13 is llvmpipe and 10 SwiftShader.
  private mutating func readVulkan(_ part: DriverReport.Part, _ host: HostMemory) {
    let ids = (part.facts["ids"] ?? "").split(separator: " ").compactMap { Int(hex: $0) }
    if ids.count == 2 {
      device.vendor = DeviceTable.vendorName(ids[0])
      device.identity = "\(Hex.text(ids[0], digits: 4)):\(Hex.text(ids[1], digits: 4))"
    }
    device.name.confidence = .reported
    device.renderMinor = part.number("render")
    var facts = Device.VulkanFacts()
    facts.apiVersion = part.facts["api"] ?? ""
    facts.driverID = part.number("driver_id") ?? 0
    facts.driver = part.facts["driver"] ?? ""
    facts.subgroupSize = part.number("subgroup") ?? 0
    facts.has16BitStorage = part.number("storage16") == 1
    facts.hasFloat16 = part.number("float16") == 1
    facts.matrixShape = part.facts["matrix"]
    facts.largestBuffer = part.number("largest_buffer") ?? 0
    device.vulkan = facts
    device.driverVersion = part.facts["driver_version"].map { Fact($0, .vulkan) }
    switch part.number("type") {
    case 4: device.kind = .softwareRenderer
    case 3: device.kind = .virtualGPU
    case 1: device.kind = .integratedGPU
    default: device.kind = facts.driverID == 13 || facts.driverID == 10 ? .softwareRenderer : .discreteGPU
    }
    if device.kind == .softwareRenderer {
      device.exclusion = "a software renderer, not a device"
      return
    }
    device.isUnified = device.kind == .integratedGPU
    readHeaps(part, host)
    // Requirements of ggml's Vulkan shaders. Source: llama.cpp, ggml-vulkan.
    let version = facts.apiVersion.split(separator: ".").compactMap { Int($0) }
    if version.count == 2, (version[0], version[1]) >= (1, 2), facts.has16BitStorage {
      device.backends = [.vulkan]
    } else {
      device.advice.append("its Vulkan driver lacks version 1.2 or 16-bit storage, which model servers require")
    }
  }

  /// Reads the memory heaps. A discrete device may list a 256 MiB window into its own memory as a second heap. All
  /// heaps of an integrated device are the machine's memory.
  private mutating func readHeaps(_ part: DriverReport.Part, _ host: HostMemory) {
    var heaps = (part.lists["heap"] ?? []).prefix(16).compactMap { Heap($0) }
    if device.kind != .integratedGPU { heaps.removeAll { !$0.isLocal } }
    if heaps.count > 1, heaps.contains(where: { $0.isVisible && $0.isLocal && $0.size <= 256 << 20 }),
      device.kind != .integratedGPU
    {
      heaps = heaps.max { $0.size < $1.size }.map { [$0] } ?? []
    }
    let total = heaps.reduce(0) { $0.plus($1.size) }
    guard total > 0 else { return }
    let hasBudget = heaps.allSatisfy(\.hasBudget)
    let free = heaps.reduce(0) { $0.plus($1.free) }
    if device.kind == .integratedGPU {
      device.memory = Fact(min(total, max(host.total.value, 0)), .vulkan, .derived)
      device.free = Fact(min(hasBudget ? free : total, host.available.value), .vulkan, .derived)
    } else {
      device.memory = Fact(total, .vulkan, .reported)
      if hasBudget { device.free = Fact(min(free, total), .vulkan, .reported) }
    }
  }

  private struct Heap {
    var size: Int
    var free: Int
    var hasBudget: Bool
    var isLocal: Bool
    var isVisible: Bool

    init?(_ text: String) {
      let numbers = text.split(separator: " ").compactMap { Int($0) }
      guard numbers.count == 5, numbers[0] > 0, numbers[1] >= 0 else { return nil }
      size = numbers[0]
      free = numbers[1]
      hasBudget = numbers[2] == 1
      isLocal = numbers[3] == 1
      isVisible = numbers[4] == 1
    }
  }
}
