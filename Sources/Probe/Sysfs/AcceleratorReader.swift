/// Reads accelerators other than graphics processors. They are identified by PCI ID and kernel driver, never by the
/// number of a device file.
struct AcceleratorReader {
  let files: SystemFiles
  /// The `/dev/accel` node of each device.
  let accelNodes: [PCIAddress: String]

  init(_ files: SystemFiles) {
    self.files = files
    var nodes: [PCIAddress: String] = [:]
    for name in files.names("sys/class/accel").prefix(256) {
      if let target = files.link("sys/class/accel/\(name)/device"), let address = PCIAddress(target) {
        nodes[address] = name
      }
    }
    accelNodes = nodes
  }

  /// Returns the device of a PCI function; `nil` if it is not an accelerator.
  func read(_ entry: PCIEntry) -> Device? {
    guard let row = AcceleratorTable.find(entry) else { return unknown(entry) }
    var device = Device(
      kind: row.kind, vendor: DeviceTable.vendorName(entry.vendor), name: Fact(row.name, .table, .tabulated))
    device.backends = [row.backend]
    describe(&device, entry)
    if row.gigabytes > 0 {
      device.memory = Fact(row.gigabytes << 30, .table, .tabulated)
      device.free = device.memory
    }
    switch row.kind {
    case .npu:
      device.isUnified = true
      device.exclusion = "uses the machine's memory, and no model server runs language models on it"
    default:
      if entry.driver == nil { device.exclusion = "no kernel driver is bound to it" }
      if entry.vendor == 0x1da3 { readGaudi(&device) }
    }
    return device
  }

  private func describe(_ device: inout Device, _ entry: PCIEntry) {
    device.address = entry.address
    device.identity = entry.identity
    device.kernelDriver = entry.driver
    device.numaNode = entry.numaNode
    device.isAsleep = entry.isAsleep
    device.link = entry.link
    if let node = accelNodes[entry.address], files.mayOpen("dev/accel/\(node)") == false {
      device.advice.append("no permission for /dev/accel/\(node); add the user to group render")
    }
  }

  /// Returns a processing accelerator that is not in the table.
  private func unknown(_ entry: PCIEntry) -> Device? {
    guard entry.deviceClass >> 16 == 0x12 else { return nil }
    let vendor = DeviceTable.vendorName(entry.vendor)
    var device = Device(kind: .asic, vendor: vendor, name: Fact("\(vendor) \(entry.identity)", .sysfs, .guessed))
    describe(&device, entry)
    device.exclusion = "unknown device; hoosh cannot query it"
    return device
  }

  /// Reads the exact model from Habana's driver, because the PCI ID does not distinguish them.
  private func readGaudi(_ device: inout Device) {
    guard let address = device.address, let node = accelNodes[address] else { return }
    if let type = files.text("sys/class/accel/\(node)/device/device_type", max: 64), !type.isEmpty {
      device.name = Fact("Intel \(type)", .sysfs)
    }
    if let status = files.text("sys/class/accel/\(node)/device/status", max: 64), status != "operational",
      !status.isEmpty
    {
      device.exclusion = "its driver reports the status \(status)"
    }
  }

  /// Returns the devices that are not on a PCI bus.
  func withoutAddress() -> [Device] {
    var found: [Device] = []
    let frequencies = files.names("sys/class/devfreq")
    if frequencies.contains(where: { $0.hasSuffix(".npu") }) {
      var device = Device(kind: .npu, vendor: "Rockchip", name: Fact("Rockchip NPU", .sysfs))
      device.isUnified = true
      device.exclusion = "uses the machine's memory, and no model server runs language models on it"
      found.append(device)
    }
    if let mali = frequencies.first(where: { $0.hasSuffix(".gpu") }) {
      var device = Device(kind: .integratedGPU, vendor: "Arm", name: Fact("GPU \(mali)", .sysfs))
      device.isUnified = true
      device.backends = [.vulkan]
      found.append(device)
    }
    return found
  }
}
