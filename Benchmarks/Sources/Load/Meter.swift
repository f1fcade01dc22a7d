import Foundation

/// Reads the resource usage of a process from /proc.
struct Meter {
  let process: Int32

  /// Returns the CPU time until now, from the scheduler's accounting.
  func usage() -> Usage {
    var usage = Usage()
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    for thread in threads {
      let text = Self.text("/proc/\(process)/task/\(thread)/schedstat")
      let time = text.split(separator: " ").first.flatMap { UInt64($0) } ?? 0
      if thread == String(process) { usage.loop += time } else { usage.others += time }
    }
    return usage
  }

  /// Returns the resident memory in bytes.
  func resident() -> Int {
    for line in Self.text("/proc/\(process)/status").split(separator: "\n") where line.hasPrefix("VmRSS:") {
      return (line.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
    return 0
  }

  /// Returns the CPU time of the whole machine until now in nanoseconds, including time stolen by the host.
  static func machine() -> UInt64 {
    let fields = text("/proc/stat").prefix(200).split(separator: " ").dropFirst().prefix(8).compactMap {
      UInt64($0)
    }
    guard fields.count == 8 else { return 0 }
    // user, nice, system, (idle, iowait,) irq, softirq, steal, in hundredths of a second.
    return (fields[0] + fields[1] + fields[2] + fields[5] + fields[6] + fields[7]) * 10_000_000
  }

  /// Returns the first child of a process, such as nginx's worker.
  static func child(of process: Int32) -> Int32? {
    text("/proc/\(process)/task/\(process)/children").split(separator: " ").first.flatMap { Int32($0) }
  }

  static func text(_ path: String) -> String {
    (FileManager.default.contents(atPath: path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
