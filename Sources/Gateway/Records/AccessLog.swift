/// The entries of the access log that are not handed to its writer yet, as text.
///
/// `AccessLogWriter` takes them and writes them on a thread of its own. Entries that it cannot take are dropped and
/// counted; the next entries that it takes say how many. Entries that the file did not take are counted since the start.
struct AccessLog {
  let format: Configuration.AccessLog.Format
  private var pending: [UInt8] = []
  private var pendingLines = 0
  /// Entries dropped since the start.
  private(set) var dropped = 0
  private var unreportedDrops = 0
  /// Entries since the start that were handed over, and that the file did not take.
  private(set) var lost = 0
  private var hasUnreportedLoss = false

  init(_ format: Configuration.AccessLog.Format) { self.format = format }

  /// Bytes of entries that wait for the writer.
  var pendingBytes: Int { pending.count }

  /// Appends one entry.
  mutating func append(_ record: RequestRecord, at wallClock: UInt64) {
    switch format {
    case .off: return
    case .json: AccessLogEntry(record).writeJSON(wallClock: wallClock, into: &pending)
    case .text: AccessLogEntry(record).writeText(wallClock: wallClock, into: &pending)
    }
    pendingLines += 1
  }

  /// Counts entries that were handed over, and that the file did not take.
  mutating func countLost(_ lines: Int) {
    lost += lines
    if lines > 0 { hasUnreportedLoss = true }
  }

  /// Hands the waiting entries to `write`, which returns whether it took them.
  mutating func flush(_ write: ([UInt8]) -> Bool) {
    guard !pending.isEmpty else { return }
    if unreportedDrops > 0 {
      pending.append(format == .json ? "{\"access_log_lines_dropped\":" : "access log lines dropped: ")
      pending.append(decimal: unreportedDrops)
      pending.append(format == .json ? "}\n" : "\n")
    }
    if hasUnreportedLoss {
      // This line may be lost as well, so it says how many there were since the start.
      pending.append(format == .json ? "{\"id\":null,\"access_log_lines_lost\":" : "access log lines lost: ")
      pending.append(decimal: lost)
      pending.append(format == .json ? "}\n" : "\n")
    }
    if write(pending) {
      unreportedDrops = 0
      hasUnreportedLoss = false
    } else {
      dropped += pendingLines
      unreportedDrops += pendingLines
    }
    pending.removeAll(keepingCapacity: true)
    pendingLines = 0
  }
}
