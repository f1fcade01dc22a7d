/// Reads the limits of this process's control groups, of both versions. The limits of all ancestors apply.
struct ControlGroup {
  /// The lowest of all limits.
  struct Limits: Equatable {
    var memory: Int?
    /// Bytes left within the limit. Reclaimable file pages do not count as used.
    var memoryLeft: Int?
    var processors: Double?
    var allowedProcessors: Set<Int>?
  }

  let files: SystemFiles
  /// Maximum nesting of groups.
  private static let levelsMax = 64
  /// Version 1 represents "no limit" as the largest number of pages.
  private static let noLimit = 1 << 62

  /// Reads the limits.
  func read() -> Limits {
    var limits = Limits()
    let mounts = mountPoints()
    for line in (files.text("proc/self/cgroup", max: 65536) ?? "").lines.prefix(64) {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",").map(String.init)
      if controllers.isEmpty, let mount = mounts.unified {
        walk(mount, String(parts[2])) { readUnified($0, &limits) }
      } else {
        for controller in ["memory", "cpu", "cpuset"] where controllers.contains(controller) {
          guard let mount = mounts.controllers[controller] else { continue }
          walk(mount, String(parts[2])) { readLegacy(controller, $0, &limits) }
        }
      }
    }
    return limits
  }

  /// The mount point of a hierarchy, and the group that is its root there.
  private struct Mount {
    var path: String
    var top: String
  }

  /// Returns the mounts of version 2, and of version 1 by controller.
  private func mountPoints() -> (unified: Mount?, controllers: [String: Mount]) {
    var unified: Mount?
    var controllers: [String: Mount] = [:]
    for line in (files.text("proc/self/mountinfo", max: 1 << 18) ?? "").lines {
      guard let dash = line.range(of: " - cgroup") else { continue }
      let fields = line[..<dash.lowerBound].split(separator: " ")
      let after = line[dash.upperBound...].split(separator: " ")
      guard fields.count >= 5, fields[4].hasPrefix("/") else { continue }
      let mount = Mount(path: String(fields[4].dropFirst()), top: String(fields[3]))
      if line[dash.upperBound...].hasPrefix("2") {
        unified = unified ?? mount
      } else if let options = after.last {
        for option in options.split(separator: ",") {
          controllers[String(option)] = controllers[String(option)] ?? mount
        }
      }
    }
    if unified == nil, controllers.isEmpty {
      // Without a list of mounts, use the default paths.
      unified = Mount(path: "sys/fs/cgroup", top: "/")
      for name in ["memory", "cpu", "cpuset"] {
        controllers[name] = Mount(path: "sys/fs/cgroup/\(name)", top: "/")
      }
    }
    return (unified, controllers)
  }

  /// Visits the folder of a group and of its ancestors, innermost first. In a namespace, the path is `/` or
  /// contains `..`; then only the mounted groups are visible.
  private func walk(_ mount: Mount, _ path: String, _ visit: (String) -> Void) {
    var rest = path
    if mount.top != "/", rest.hasPrefix(mount.top) { rest = String(rest.dropFirst(mount.top.count)) }
    var parts = rest.split(separator: "/").map(String.init)
    if parts.contains("..") { parts = [] }
    parts = Array(parts.prefix(Self.levelsMax))
    while true {
      visit(([mount.path] + parts).joined(separator: "/"))
      if parts.isEmpty { return }
      parts.removeLast()
    }
  }

  private func readUnified(_ folder: String, _ limits: inout Limits) {
    let hard = files.text("\(folder)/memory.max", max: 64).flatMap { Int($0) }
    let soft = files.text("\(folder)/memory.high", max: 64).flatMap { Int($0) }
    if let limit = [hard, soft].compactMap({ $0 }).min() {
      let used = files.number("\(folder)/memory.current") ?? 0
      let inactive = files.text("\(folder)/memory.stat", max: 16384)?.number(of: "inactive_file") ?? 0
      narrow(&limits, limit, used: used, inactive: inactive)
    }
    if let text = files.text("\(folder)/cpu.max", max: 64) {
      let words = text.split(separator: " ").map { Double($0) }
      if words.count == 2, let quota = words[0], let period = words[1] { narrow(&limits, quota, period) }
    }
    if limits.allowedProcessors == nil, let text = files.text("\(folder)/cpuset.cpus.effective"), !text.isEmpty {
      limits.allowedProcessors = CPUList.read(text)
    }
  }

  private func readLegacy(_ controller: String, _ folder: String, _ limits: inout Limits) {
    switch controller {
    case "memory":
      guard let limit = files.number("\(folder)/memory.limit_in_bytes"), limit < Self.noLimit else { return }
      let used = files.number("\(folder)/memory.usage_in_bytes") ?? 0
      let inactive = files.text("\(folder)/memory.stat", max: 16384)?.number(of: "total_inactive_file") ?? 0
      narrow(&limits, limit, used: used, inactive: inactive)
    case "cpu":
      guard let quota = files.number("\(folder)/cpu.cfs_quota_us"),
        let period = files.number("\(folder)/cpu.cfs_period_us")
      else { return }
      narrow(&limits, Double(quota), Double(period))
    default:
      if limits.allowedProcessors == nil, let text = files.text("\(folder)/cpuset.effective_cpus"), !text.isEmpty {
        limits.allowedProcessors = CPUList.read(text)
      }
    }
  }

  private func narrow(_ limits: inout Limits, _ limit: Int, used: Int, inactive: Int) {
    guard limit >= 0 else { return }
    limits.memory = min(limits.memory ?? limit, limit)
    let left = max(0, limit.minus(max(0, max(0, used).minus(max(0, min(inactive, used))))))
    limits.memoryLeft = min(limits.memoryLeft ?? left, left)
  }

  private func narrow(_ limits: inout Limits, _ quota: Double, _ period: Double) {
    let share = quota / period
    guard quota > 0, period > 0, share.isFinite else { return }
    limits.processors = min(limits.processors ?? .infinity, share)
  }
}

extension Substring {
  /// Where `text` is first.
  fileprivate func range(of text: String) -> Range<Index>? {
    var at = startIndex
    while at < endIndex {
      if self[at...].hasPrefix(text) { return at..<index(at, offsetBy: text.count) }
      at = index(after: at)
    }
    return nil
  }
}
