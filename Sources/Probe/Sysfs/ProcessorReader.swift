internal import CDrivers

/// Reads the processors that this process may use.
struct ProcessorReader {
  let files: SystemFiles
  let limits: ControlGroup.Limits

  /// Instruction set extensions that inference libraries have code for. The kernel lists only those that programs
  /// may use.
  private static let wanted: Set<String> = [
    "sse4_2", "f16c", "fma", "avx", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni",
    "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "avx10",
    "asimddp", "asimdhp", "i8mm", "bf16", "sve", "sve2", "sme", "rvv",
  ]

  /// Reads the processors.
  func read() -> Processor {
    var processor = Processor()
    // Only the first processor's paragraph: the file is long on a large machine.
    let text = files.text("proc/cpuinfo", max: 8192) ?? ""
    processor.name = text.value(of: "model name") ?? text.value(of: "Model") ?? text.value(of: "cpu") ?? ""
    let flags = (text.value(of: "flags") ?? text.value(of: "Features") ?? "").split(separator: " ").map(String.init)
    processor.features = flags.filter(Self.wanted.contains)
    processor.isVirtual = flags.contains("hypervisor")
    let usable = usableProcessors()
    processor.threads = max(1, usable.count)
    let cores = cores(usable)
    processor.cores = max(1, cores.count)
    processor.fastCores = max(1, fast(cores))
    processor.quota = limits.processors
    processor.numaNodes = nodes(usable)
    processor.bandwidth = bandwidth(processor.numaNodes)
    return processor
  }

  private func usableProcessors() -> Set<Int> {
    var usable = CPUList.read(files.text("sys/devices/system/cpu/online") ?? "0")
    if let allowed = limits.allowedProcessors, !allowed.isEmpty { usable.formIntersection(allowed) }
    if files.isMachine, let mask = Self.affinity(), !mask.isDisjoint(with: usable) { usable.formIntersection(mask) }
    return usable
  }

  /// Returns the processors that this thread may run on.
  private static func affinity() -> Set<Int>? {
    var mask = [UInt8](repeating: 0, count: 1024)
    let count = unsafe drivers_affinity(&mask, mask.count)
    guard count > 0 else { return nil }
    var found = Set<Int>()
    for index in 0..<Int(count) * 8 where mask[index / 8] & 1 << (index % 8) != 0 { found.insert(index) }
    return found
  }

  /// Returns one logical processor per core. Reads one file per core, not per processor.
  private func cores(_ usable: Set<Int>) -> [Int] {
    var left = usable
    var cores: [Int] = []
    for processor in usable.sorted() where left.contains(processor) {
      cores.append(processor)
      left.remove(processor)
      let folder = "sys/devices/system/cpu/cpu\(processor)/topology"
      guard let text = files.text("\(folder)/core_cpus_list") ?? files.text("\(folder)/thread_siblings_list") else {
        continue
      }
      left.subtract(CPUList.read(text))
    }
    return cores
  }

  /// Returns the number of performance cores. Intel lists them; on Arm, each processor has a capacity.
  private func fast(_ cores: [Int]) -> Int {
    if let text = files.text("sys/devices/cpu_core/cpus") {
      let fast = CPUList.read(text)
      let count = cores.filter(fast.contains).count
      if count > 0 { return count }
    }
    guard let first = cores.first, files.number("sys/devices/system/cpu/cpu\(first)/cpu_capacity") != nil else {
      return cores.count
    }
    let capacities = cores.map { files.number("sys/devices/system/cpu/cpu\($0)/cpu_capacity") ?? 0 }
    let capacityMax = capacities.max() ?? 0
    return capacities.filter { $0 >= capacityMax / 4 * 3 }.count
  }

  private func nodes(_ usable: Set<Int>) -> [NumaNode] {
    let folder = "sys/devices/system/node"
    return CPUList.read(files.text("\(folder)/online") ?? "").sorted().prefix(1024).map { id in
      let meminfo = files.text("\(folder)/node\(id)/meminfo", max: 16384) ?? ""
      let processors = CPUList.read(files.text("\(folder)/node\(id)/cpulist") ?? "")
      let distances = (files.text("\(folder)/node\(id)/distance") ?? "").split(separator: " ").compactMap {
        Int($0)
      }
      return NumaNode(
        id: id, processors: processors.count, memory: Self.kilobytes(meminfo, "MemTotal"),
        free: Self.kilobytes(meminfo, "MemFree"), distances: distances)
    }
  }

  /// Returns the bytes in a line such as `Node 0 MemTotal:  131886540 kB`.
  private static func kilobytes(_ meminfo: String, _ name: String) -> Int {
    for line in meminfo.lines {
      let words = line.split(separator: " ")
      if words.count >= 4, words[2] == "\(name):", let number = Int(words[3]) { return max(0, number).times(1024) }
    }
    return 0
  }

  /// Returns the bandwidth from the firmware's HMAT table, over all nodes with processors, or else from its list of
  /// memory modules.
  private func bandwidth(_ nodes: [NumaNode]) -> Fact<Double>? {
    let sum = nodes.filter { $0.processors > 0 }.compactMap {
      files.number("sys/devices/system/node/node\($0.id)/access0/initiators/read_bandwidth")
    }.reduce(0) { $0.plus(max(0, $1)) }
    if sum > 0 { return Fact(Double(sum) / 1000, .sysfs) }
    return files.bytes("sys/firmware/dmi/tables/DMI", max: 1 << 18).flatMap(MemoryModules.bandwidth).map {
      Fact($0, .sysfs, .derived)
    }
  }
}
