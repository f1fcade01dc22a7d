internal import CDrivers

/// Reads the machine's memory, within the limits of this process.
struct MemoryReader {
  let files: SystemFiles
  let limits: ControlGroup.Limits
  let nodes: [NumaNode]

  /// Reads the memory.
  func read() -> HostMemory {
    var memory = HostMemory()
    let text = files.text("proc/meminfo", max: 16384) ?? ""
    func bytes(_ name: String) -> Int { max(0, text.number(of: name) ?? 0).times(1024) }
    // A node without processors is a device's or an expander's memory, although the kernel adds it to the total.
    let bare = nodes.contains { $0.processors > 0 } ? nodes.filter { $0.processors == 0 } : []
    memory.distant = bare.reduce(0) { $0.plus($1.memory) }
    let distantFree = bare.reduce(0) { $0.plus($1.free) }
    memory.installed = max(0, bytes("MemTotal").minus(memory.distant))
    memory.total = Fact(memory.installed, .procfs)
    memory.available = Fact(max(0, bytes("MemAvailable").minus(distantFree)), .procfs)
    if let limit = limits.memory, limit < memory.installed { memory.total = Fact(limit, .cgroup) }
    if let left = limits.memoryLeft, left < memory.available.value { memory.available = Fact(left, .cgroup) }
    if memory.available.value > memory.total.value { memory.available.value = memory.total.value }
    memory.swap = bytes("SwapTotal")
    memory.swapFree = bytes("SwapFree")
    memory.transparentHugePages = transparent()
    memory.hugePages = hugePages()
    if files.isMachine {
      let lockable = drivers_lockable()
      memory.lockable = lockable < 0 ? nil : Int(lockable)
    }
    return memory
  }

  /// Returns the word in brackets, as in `always [madvise] never`.
  private func transparent() -> String? {
    guard let text = files.text("sys/kernel/mm/transparent_hugepage/enabled", max: 128) else { return nil }
    let word = text.split(separator: " ").first { $0.hasPrefix("[") && $0.hasSuffix("]") }
    return word.map { String($0.dropFirst().dropLast()) }
  }

  private func hugePages() -> [HugePages] {
    let folder = "sys/kernel/mm/hugepages"
    return files.names(folder).prefix(16).compactMap { name in
      guard name.hasPrefix("hugepages-"), let kilobytes = String(name.dropFirst(10)).leadingNumber else {
        return nil
      }
      let count = files.number("\(folder)/\(name)/nr_hugepages") ?? 0
      let free = files.number("\(folder)/\(name)/free_hugepages") ?? 0
      return count > 0 ? HugePages(size: kilobytes.times(1024), count: count, free: free) : nil
    }
  }
}
