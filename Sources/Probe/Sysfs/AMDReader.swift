/// Reads AMD's graphics processors from the files of amdgpu and the kernel's compute nodes.
struct AMDReader {
  let files: SystemFiles
  let node: ComputeNode?
  let hostAvailable: Int

  /// Adds the facts that the kernel's files contain.
  func read(_ device: inout Device, _ entry: PCIEntry) {
    guard let driver = entry.driver else {
      device.exclusion = "no kernel driver is bound to it"
      return
    }
    device.backends = driver == "amdgpu" ? [.vulkan] : []
    if let node, node.simdCount > 0 {
      device.backends.insert(.rocm)
      device.architecture = Fact(node.architecture, .kfd)
      device.hive = node.hive == "0" ? nil : node.hive
      if device.renderMinor == nil, node.renderMinor > 0 { device.renderMinor = node.renderMinor }
    }
    guard !device.isAsleep else { return }
    readMemory(&device, entry)
    if let bandwidth = bandwidth(device, entry) {
      device.bandwidth = .better(bandwidth, device.bandwidth)
    }
    if let uuid = files.text("\(entry.folder)/unique_id", max: 64), !uuid.isEmpty {
      device.uuid = Fact(Merge.plainUUID(uuid), .sysfs)
    }
    device.telemetry.busyPercent = files.number("\(entry.folder)/gpu_busy_percent")
    readHardwareMonitor(&device, entry, files)
    if let partition = files.text("\(entry.folder)/current_compute_partition", max: 64), partition != "SPX" {
      device.advice.append("partitioned by the driver (\(partition)); each part is a separate device")
    }
  }

  private func readMemory(_ device: inout Device, _ entry: PCIEntry) {
    guard let total = files.number("\(entry.folder)/mem_info_vram_total"), total > 0 else { return }
    let used = files.number("\(entry.folder)/mem_info_vram_used") ?? 0
    let shared = files.number("\(entry.folder)/mem_info_gtt_total") ?? 0
    let sharedUsed = files.number("\(entry.folder)/mem_info_gtt_used") ?? 0
    if isIntegrated(entry, total: total, shared: shared) {
      device.kind = .integratedGPU
      device.isUnified = true
      device.link = nil
      // The memory reserved at boot, and its share of the rest, limited to what is available.
      let take = max(0, min(shared.minus(sharedUsed), hostAvailable))
      device.memory = Fact(total.plus(max(0, shared)), .sysfs, .derived)
      device.free = Fact(max(0, total.minus(used)).plus(take), .sysfs, .derived)
    } else {
      device.memory = Fact(total, .sysfs, .exact)
      device.free = Fact(max(0, total.minus(used)), .sysfs, .exact)
    }
  }

  /// Returns whether a device is integrated. A card names its memory vendor and its board. Integrated graphics
  /// reserve little memory and may use much more.
  private func isIntegrated(_ entry: PCIEntry, total: Int, shared: Int) -> Bool {
    if files.text("\(entry.folder)/mem_info_vram_vendor", max: 64).map({ !$0.isEmpty }) == true { return false }
    if files.text("\(entry.folder)/board_info", max: 256).map({ $0.contains("cem") || $0.contains("oam") }) == true
    {
      return false
    }
    return total <= 4 << 30 && shared >= 8 << 30 && shared / 4 >= total
  }

  /// Returns the bandwidth: the highest memory clock, times transfers per clock, times bus width. The current clock
  /// is not used, because it is lower while the device is idle.
  private func bandwidth(_ device: Device, _ entry: PCIEntry) -> Fact<Double>? {
    let clock = highestClock(entry) ?? node?.memoryClock
    let row = DeviceTable.find(vendor: entry.vendor, device: entry.device)
    guard let clock, clock > 0, clock < 100_000, let width = node?.memoryWidth ?? row?.width, width > 0 else {
      return nil
    }
    return Fact(Double(clock.times(transfersPerClock(device, width)).times(width)) / 8000, .formula, .derived)
  }

  /// Returns the transfers per memory clock. Source: Mesa's table of memory types (ac_gpu_info), and the data sheet
  /// of the Instinct MI300.
  private func transfersPerClock(_ device: Device, _ width: Int) -> Int {
    let target = device.architecture?.value ?? ""
    if target.hasPrefix("gfx94") || target.hasPrefix("gfx95") { return 4 }
    if width >= 1024 { return 2 }
    if device.isUnified {
      return target.hasPrefix("gfx11") || target.hasPrefix("gfx12") || target == "gfx1036" ? 4 : 2
    }
    return target.hasPrefix("gfx10") || target.hasPrefix("gfx11") || target.hasPrefix("gfx12") ? 16 : 4
  }

  /// Returns the highest clock in lines such as `3: 1249Mhz *`.
  private func highestClock(_ entry: PCIEntry) -> Int? {
    guard let text = files.text("\(entry.folder)/pp_dpm_mclk") else { return nil }
    return text.lines.prefix(64).compactMap { line in
      line.split(separator: " ").dropFirst().first.flatMap { String($0).leadingNumber }
    }.max()
  }
}

/// A node of the kernel's compute topology. Reading it opens no device.
struct ComputeNode: Equatable {
  var address: PCIAddress
  var simdCount = 0
  var target = 0
  /// The xGMI group; `0` if there is none.
  var hive = "0"
  var renderMinor = 0
  var memoryWidth: Int?
  var memoryClock: Int?
  /// The nodes with a direct link, and its megabytes per second.
  var links: [(node: Int, megabytes: Int)] = []

  static func == (left: ComputeNode, right: ComputeNode) -> Bool { left.address == right.address }

  /// The architecture: `gfx` and the version, whose last two digits are hexadecimal. Source: the kernel's
  /// kfd_topology.
  var architecture: String {
    "gfx\(target / 10000)\(Hex.text(target / 100 % 100, digits: 1))\(Hex.text(target % 100, digits: 1))"
  }

  private static let folder = "sys/class/kfd/kfd/topology/nodes"

  /// Returns every node that is a device, by number.
  static func all(_ files: SystemFiles) -> [Int: ComputeNode] {
    var found: [Int: ComputeNode] = [:]
    for name in files.names(folder).prefix(256) {
      guard let number = Int(name), let text = files.text("\(folder)/\(name)/properties"),
        let simds = text.number(of: "simd_count"), simds > 0, let location = text.number(of: "location_id"),
        (0...0xffff).contains(location)
      else { continue }
      let domain = text.number(of: "domain") ?? 0
      var node = ComputeNode(
        address: PCIAddress(
          domain: UInt32(clamping: domain), bus: UInt8(location >> 8), device: UInt8(location >> 3 & 31),
          function: UInt8(location & 7)))
      node.simdCount = simds
      node.target = max(0, text.number(of: "gfx_target_version") ?? 0)
      node.hive = text.value(of: "hive_id") ?? "0"
      node.renderMinor = text.number(of: "drm_render_minor") ?? 0
      if let bank = files.text("\(folder)/\(name)/mem_banks/0/properties") {
        node.memoryWidth = bank.number(of: "width").flatMap { (1...65536).contains($0) ? $0 : nil }
        node.memoryClock = bank.number(of: "mem_clk_max")
      }
      node.links = links("\(folder)/\(name)/io_links", files)
      found[number] = node
    }
    return found
  }

  /// Returns the links of type 11, which are xGMI.
  private static func links(_ folder: String, _ files: SystemFiles) -> [(node: Int, megabytes: Int)] {
    files.names(folder).prefix(64).compactMap { name in
      guard let text = files.text("\(folder)/\(name)/properties"), text.number(of: "type") == 11,
        let to = text.number(of: "node_to")
      else { return nil }
      return (to, text.number(of: "max_bandwidth") ?? 0)
    }
  }
}
