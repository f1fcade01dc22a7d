/// Looks at a machine.
///
/// Two steps. `look` reads the kernel's files in this process: a millisecond or two, no driver's code, and no
/// sleeping device is woken. `ask` lets the drivers speak, each in a process of its own with a deadline, and gives a
/// better machine. Both block, so neither belongs on a loop.
///
/// ```swift
/// DriverProcess.runIfRequested()  // First of all in `main`: the program is started again for each driver.
/// guard let files = SystemFiles() else { return }
/// var prober = DriverProber()
/// let machine = prober.probe(Probe.scan(files), files)
/// print(Summary.text(machine))
/// let model = try ModelFile.read("model.gguf")
/// print(Planner.plan(model, on: MemoryBudget(machine)).manner)
/// ```
public enum Probe {
  /// What the kernel's files say.
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

  /// The numbers of render nodes, by the PCI function behind each.
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

  /// Joins devices that AMD's nodes say are linked.
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
