/// Formats a machine as a table for the terminal.
public enum Summary {
  /// Returns the table.
  public static func text(_ machine: Machine) -> String {
    var lines = [processor(machine.processor), memory(machine.memory)]
    if let environment = environment(machine.environment) { lines.append("runs in       \(environment)") }
    let devices = machine.devices.filter { $0.kind != .display }
    if devices.isEmpty { lines.append("devices       no compute devices") }
    for (index, device) in devices.enumerated() {
      lines.append((index == 0 ? "devices       " : "              ") + title(device))
      for line in details(device) { lines.append("                " + line) }
    }
    for port in machine.fabric where port.isActive {
      lines.append(
        "network       \(port.device) port \(port.port): \(number(port.gigabitsPerSecond)) Gb/s \(port.layer)")
    }
    for probe in machine.driverProbes { lines.append("drivers       \(probe.summary)") }
    return lines.joined(separator: "\n")
  }

  private static func processor(_ processor: Processor) -> String {
    let name = processor.name.isEmpty ? "processor" : processor.name
    var text = "processor     \(name): \(count(processor.cores, "core")), \(count(processor.threads, "thread"))"
    if processor.fastCores < processor.cores { text += ", \(processor.fastCores) of them performance cores" }
    if let quota = processor.quota { text += ", limited to \(number(quota))" }
    if processor.numaNodes.count > 1 { text += ", \(processor.numaNodes.count) NUMA nodes" }
    let wide = ["amx_int8", "avx512_vnni", "avx512f", "avx_vnni", "avx2", "sve2", "i8mm", "asimddp"]
    let best = wide.filter(processor.features.contains).prefix(2)
    return best.isEmpty ? text : text + " (\(best.joined(separator: ", ")))"
  }

  private static func memory(_ memory: HostMemory) -> String {
    var text = "memory        \(Bytes.text(memory.available.value)) free of \(Bytes.text(memory.total.value))"
    if memory.total.source == .cgroup {
      text += ", limited from \(Bytes.text(memory.installed)) by its control group"
    }
    if memory.distant > 0 { text += ", and \(Bytes.text(memory.distant)) on nodes without processors" }
    return text
  }

  private static func environment(_ environment: RuntimeEnvironment) -> String? {
    var words: [String] = []
    if environment.isKubernetes {
      words.append("Kubernetes")
    } else if environment.isContainer {
      words.append("a container")
    }
    if environment.isWSL { words.append("WSL") }
    if environment.isVirtualMachine { words.append("a virtual machine") }
    if let cloud = environment.cloud { words.append(cloud) }
    return words.isEmpty ? nil : words.joined(separator: ", ")
  }

  private static func title(_ device: Device) -> String {
    var text = device.name.value
    if let address = device.address { text += " at \(address)" }
    if let memory = device.memory {
      let free = device.free.map { "\(Bytes.text($0.value)) free of " } ?? ""
      text += ": \(free)\(Bytes.text(memory.value))"
      text += memory.confidence <= .tabulated ? " (\(memory.confidence.name))" : ""
    }
    return text
  }

  private static func details(_ device: Device) -> [String] {
    var words: [String] = [device.kind.rawValue]
    if let architecture = device.architecture { words.append(architecture.value) }
    if let bandwidth = device.bandwidth { words.append("\(number(bandwidth.value)) GB/s") }
    if let link = device.link { words.append("PCIe \(number(link.gigatransfers)) GT/s x\(link.lanes)") }
    if !device.backends.isEmpty { words.append(device.backends.sorted().map(\.rawValue).joined(separator: " ")) }
    if let busy = device.telemetry.busyPercent { words.append("\(busy) % busy") }
    if let celsius = device.telemetry.celsius { words.append("\(celsius) °C") }
    if let watts = device.telemetry.watts { words.append("\(number(watts)) W") }
    var lines = [words.joined(separator: ", ")]
    if let exclusion = device.exclusion { lines.append("not used: \(exclusion)") }
    return lines + device.advice.filter { $0 != device.exclusion }
  }

  /// Returns a count with its noun, in the plural unless it is 1.
  static func count(_ number: Int, _ word: String) -> String {
    "\(number) \(word)\(number == 1 ? "" : "s")"
  }

  /// Returns a number with at most one decimal place.
  static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "?" }
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
  }
}
