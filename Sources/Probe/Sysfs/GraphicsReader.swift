/// Reads graphics processors from the kernel's files, without waking a device and without a vendor's driver.
struct GraphicsReader {
  let files: SystemFiles
  let nodes: [ComputeNode]
  let renderMinors: [PCIAddress: Int]
  /// Available bytes of the machine's memory: the limit for a device without its own.
  let hostAvailable: Int

  /// Returns the device of a PCI function.
  func read(_ entry: PCIEntry) -> Device {
    var device = Device(
      kind: .discreteGPU, vendor: DeviceTable.vendorName(entry.vendor),
      name: Fact("\(DeviceTable.vendorName(entry.vendor)) \(entry.identity)", .sysfs, .guessed))
    device.address = entry.address
    device.identity = entry.identity
    device.kernelDriver = entry.driver
    device.numaNode = entry.numaNode
    device.isAsleep = entry.isAsleep
    device.link = entry.link
    device.renderMinor = renderMinors[entry.address]
    if let row = DeviceTable.find(vendor: entry.vendor, device: entry.device) {
      device.name = Fact(row.name, .table, .tabulated)
      if row.gigabytes > 0 { device.memory = Fact(row.gigabytes << 30, .table, .tabulated) }
      if let bandwidth = row.bandwidth { device.bandwidth = Fact(bandwidth, .table, .tabulated) }
    }
    switch entry.vendor {
    case 0x10de: readNVIDIA(&device, entry)
    case 0x1002: AMDReader(files: files, node: node(of: entry), hostAvailable: hostAvailable).read(&device, entry)
    case 0x8086: readIntel(&device, entry)
    case 0x1af4, 0x15ad, 0x1b36, 0x1234, 0x1414, 0x80ee:
      device.kind = .virtualGPU
      device.exclusion = "a virtual display adapter of a hypervisor"
    case 0x1a03, 0x102b:
      device.kind = .display
      device.exclusion = "a display adapter that does not compute"
    default: device.exclusion = "unknown device; hoosh cannot query it"
    }
    if entry.driver == "vfio-pci" {
      device.backends = []
      device.exclusion = "reserved by vfio-pci for a virtual machine"
    }
    if device.isAsleep { device.advice.append("asleep; its properties are looked up by PCI ID") }
    adviseOnAccess(&device)
    return device
  }

  private func node(of entry: PCIEntry) -> ComputeNode? { nodes.first { $0.address == entry.address } }

  /// Adds hints about missing permissions. Vulkan, ROCm, and Level Zero open the render node.
  private func adviseOnAccess(_ device: inout Device) {
    guard device.exclusion == nil else { return }
    if let minor = device.renderMinor, files.mayOpen("dev/dri/renderD\(minor)") == false {
      device.advice.append("no permission for /dev/dri/renderD\(minor); add the user to group render")
      device.backends = device.backends.intersection([.cuda])
      if device.backends.isEmpty { device.exclusion = "no permission; add the user to group render" }
    }
    if device.backends.contains(.rocm), files.mayOpen("dev/kfd") == false {
      device.advice.append("no permission for /dev/kfd; add the user to group render for ROCm")
      device.backends.remove(.rocm)
    }
  }
}

extension GraphicsReader {
  /// Reads the file that NVIDIA's kernel driver provides for each device. It does not contain the memory size.
  /// Source: NVIDIA driver README, "The /proc file system".
  private func readNVIDIA(_ device: inout Device, _ entry: PCIEntry) {
    switch entry.driver {
    case "nvidia": device.backends = [.cuda, .vulkan]
    case "nouveau":
      device.backends = [.vulkan]
      device.advice.append("uses nouveau; CUDA requires NVIDIA's driver")
    case nil:
      device.exclusion = "no kernel driver is bound to it"
      device.advice.append("no kernel driver is bound; install NVIDIA's driver")
    default: break
    }
    let folder = "proc/driver/nvidia/gpus/\(entry.address)"
    if let information = files.text("\(folder)/information") {
      if let model = information.value(of: "Model") { device.name = Fact(model, .procfs, .exact) }
      if let uuid = information.value(of: "GPU UUID"), !uuid.contains("?") {
        device.uuid = Fact(Merge.plainUUID(uuid), .procfs, .exact)
      }
      if information.value(of: "GPU Excluded") == "Yes" { device.exclusion = "excluded by the driver's options" }
    }
    if let version = files.text("sys/module/nvidia/version") {
      device.driverVersion = Fact(version, .sysfs, .exact)
    } else if let text = files.text("proc/driver/nvidia/version"),
      let version = text.split(separator: " ").first(where: { $0.first?.isNumber == true && $0.contains(".") })
    {
      device.driverVersion = Fact(String(version), .procfs, .exact)
    }
    if let status = files.text("\(folder)/numa_status"), let node = status.number(of: "Node"), node >= 0 {
      device.numaNode = node
    }
  }

  /// Reads an Intel device. Integrated graphics are always function 0 of device 2 on the first bus.
  private func readIntel(_ device: inout Device, _ entry: PCIEntry) {
    device.backends = entry.driver == nil ? [] : [.levelZero, .vulkan]
    if entry.driver == nil { device.exclusion = "no kernel driver is bound to it" }
    if entry.address == PCIAddress(domain: 0, bus: 0, device: 2, function: 0) {
      device.kind = .integratedGPU
      device.isUnified = true
      device.memory = Fact(hostAvailable / 2, .formula, .guessed)
      device.free = device.memory
      device.link = nil
      return
    }
    // A resizable window covers the whole memory; the older 256 MiB window does not.
    if !device.isAsleep, let window = largestWindow(entry), window >= 1 << 30 {
      device.memory = Fact(window, .sysfs, .derived)
    }
    readHardwareMonitor(&device, entry, files)
  }

  /// Returns the largest prefetchable window in the function's `resource` file, whose lines are start, end, and
  /// flags.
  private func largestWindow(_ entry: PCIEntry) -> Int? {
    guard let text = files.text("\(entry.folder)/resource") else { return nil }
    var largest: Int?
    for line in text.lines.prefix(6) {
      let words = line.split(separator: " ")
      guard words.count == 3, let start = UInt64(hex: words[0]), let end = UInt64(hex: words[1]), end > start,
        let flags = UInt64(hex: words[2]), flags & 0x2000 != 0, end - start < 1 << 50
      else { continue }
      largest = max(largest ?? 0, Int(end - start) + 1)
    }
    return largest
  }
}

/// Reads temperature and power from the kernel's hardware monitor. Reading wakes a device, so a sleeping one is
/// skipped.
func readHardwareMonitor(_ device: inout Device, _ entry: PCIEntry, _ files: SystemFiles) {
  guard !device.isAsleep, let name = files.names("\(entry.folder)/hwmon").first else { return }
  let folder = "\(entry.folder)/hwmon/\(name)"
  device.telemetry.celsius = files.number("\(folder)/temp1_input").map { $0 / 1000 }
  let power = files.number("\(folder)/power1_average") ?? files.number("\(folder)/power1_input")
  device.telemetry.watts = power.map { Double($0) / 1e6 }
  let limit = files.number("\(folder)/power1_cap") ?? files.number("\(folder)/power1_max")
  device.telemetry.wattsMax = limit.map { Double($0) / 1e6 }
}
