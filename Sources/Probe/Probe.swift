/// Detects a machine's hardware.
///
/// There are two steps. `scan` reads the kernel's files in this process. It takes 1 to 2 ms, loads no driver, and
/// wakes no sleeping device. `DriverProber.probe` then queries each vendor driver in a child process with a
/// deadline, and returns the machine with more facts. Both steps block and must not run on an event loop.
///
/// ```swift
/// DriverProcess.runIfRequested()  // First in `main`: hoosh starts itself again for each driver.
/// guard let files = SystemFiles() else { return }
/// var prober = DriverProber()
/// let machine = prober.probe(Probe.scan(files), files)
/// print(Summary.text(machine))
/// let model = try ModelFile.read("model.gguf")
/// print(Planner.plan(model, on: MemoryBudget(machine)).manner)
/// ```
public enum Probe {
  /// Scans the kernel's files and returns the machine that they describe.
  public static func scan(_ files: SystemFiles) -> Machine {
    var machine = Machine()
    let limits = ControlGroup(files: files).read()
    machine.processor = ProcessorReader(files: files, limits: limits).read()
    machine.memory = MemoryReader(files: files, limits: limits, nodes: machine.processor.numaNodes).read()
    machine.environment = RuntimeEnvironmentReader(files: files, isVirtual: machine.processor.isVirtual).read()
    machine.fabric = FabricReader.ports(files)
    machine.devices = devices(files, hostAvailable: machine.memory.available.value)
    return machine
  }

  private static func devices(_ files: SystemFiles, hostAvailable: Int) -> [Device] {
    let entries = PCIWalk.entries(files)
    let nodes = entries.contains { $0.vendor == 0x1002 } ? ComputeNode.all(files) : [:]
    let graphics = GraphicsReader(
      files: files, nodes: Array(nodes.values), renderMinors: renderMinors(files), hostAvailable: hostAvailable)
    let accelerators = AcceleratorReader(files)
    var devices = entries.compactMap { entry in
      entry.deviceClass >> 16 == 0x03 || (entry.vendor == 0x1002 && entry.deviceClass >> 16 == 0x12)
        || (entry.vendor == 0x10de && entry.deviceClass >> 16 == 0x12)
        ? graphics.read(entry) : accelerators.read(entry)
    }
    connect(&devices, nodes)
    for device in accelerators.withoutAddress() { devices.append(device) }
    return devices
  }

  /// Returns the numbers of the render nodes by PCI address.
  private static func renderMinors(_ files: SystemFiles) -> [PCIAddress: Int] {
    var minors: [PCIAddress: Int] = [:]
    for name in files.names("sys/class/drm") where name.hasPrefix("renderD") {
      guard let minor = Int(name.dropFirst(7)), let target = files.link("sys/class/drm/\(name)/device"),
        let address = PCIAddress(target)
      else { continue }
      minors[address] = minor
    }
    return minors
  }

  /// Records the xGMI links between AMD devices.
  private static func connect(_ devices: inout [Device], _ nodes: [Int: ComputeNode]) {
    for index in devices.indices {
      guard let node = nodes.values.first(where: { $0.address == devices[index].address }) else { continue }
      for link in node.links.sorted(by: { $0.node < $1.node }) {
        guard let other = nodes[link.node] else { continue }
        devices[index].peers.append(
          Device.Peer(address: other.address, kind: "xgmi", gigabytesPerSecond: Double(link.megabytes) / 1000))
      }
    }
  }
}
