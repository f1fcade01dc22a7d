import CLoad
import Foundation

/// A comparison as a file for `Benchmarks/Results`.
enum Record {
  static func text(_ tables: String, words: ArraySlice<String>, rounds: Int, seconds: Double) -> String {
    let processor = Meter.text("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
    let model = processor?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    let kernel = Meter.text("/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines)
    let day = ISO8601DateFormatter().string(from: Date()).prefix(10)
    // The paths of the programs on this machine are omitted.
    let command = words.map { word in
      guard word.contains("/") else { return word }
      let parts = word.split(separator: "=", maxSplits: 1)
      let name = word.split(separator: "/").last.map(String.init) ?? word
      return parts.count == 2 && !parts[0].contains("/") ? "\(parts[0])=\(name)" : name
    }
    return """
      # \(day)

      - Commit: \(ProcessInfo.processInfo.environment["LOAD_COMMIT"] ?? "unknown")
      - Machine: \(model), \(load_cores()) cores, Linux \(kernel)
      - Load average at the end: \(Meter.text("/proc/loadavg").split(separator: " ").prefix(3).joined(separator: " "))
      - Command: `tools/load compare \(command.joined(separator: " "))`
      - \(rounds) rounds of \(Metric.text(seconds, 1)) s; median (smallest–largest). `Benchmarks/README.md` explains
        the metrics.

      \(tables)
      """
  }
}
