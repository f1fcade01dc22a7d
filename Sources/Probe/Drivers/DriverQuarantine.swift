/// The drivers in quarantine after a crash or a hang, and until when.
public struct DriverQuarantine: Sendable, Equatable {
  private struct Entry: Sendable, Equatable {
    var times = 0
    var until = 0
    var isStuck = false
    var what = ""
  }

  /// Maximum number of entries.
  private static let entriesMax = 64
  private var entries: [String: Entry] = [:]

  public init() {}

  /// Returns why a driver is in quarantine; `nil` if it is not.
  func reason(against key: String, now: Int) -> String? {
    guard let entry = entries[key] else { return nil }
    if entry.isStuck { return "an earlier probe still waits for the device; quarantined until the next boot" }
    return now < entry.until
      ? "it \(entry.what) \(entry.times == 1 ? "once" : "\(entry.times) times"); probed again later" : nil
  }

  /// Records an outcome. A crash or hang quarantines the driver for 1 minute, doubling up to 1 day.
  mutating func record(_ outcome: DriverProbe.Outcome, for key: String, now: Int) {
    switch outcome {
    case .answered, .unavailable, .failed, .quarantined: entries[key] = nil
    case .crashed, .hung, .stuck:
      if entries.count >= Self.entriesMax, entries[key] == nil { entries.removeAll() }
      var entry = entries[key] ?? Entry()
      entry.times = min(entry.times + 1, 20)
      entry.until = now.plus(min(86_400, 60 << (entry.times - 1)))
      entry.isStuck = outcome == .stuck
      entry.what = outcome == .hung ? "hung" : "crashed"
      entries[key] = entry
    }
  }

  /// One line per driver: the failures, the end of the quarantine, whether it is stuck, the failure, and the
  /// driver's key.
  var text: String {
    entries.sorted { $0.key < $1.key }.map { key, entry in
      "\(entry.times) \(entry.until) \(entry.isStuck ? 1 : 0) \(entry.what) \(key)\n"
    }.joined()
  }

  /// Parses such lines, ignoring invalid ones.
  init(text: String) {
    for line in text.lines.prefix(Self.entriesMax) {
      let words = line.split(separator: " ", maxSplits: 4)
      guard words.count == 5, let times = Int(words[0]), (1...20).contains(times), let until = Int(words[1]),
        let stuck = Int(words[2]), ["hung", "crashed"].contains(words[3])
      else { continue }
      entries[String(words[4])] = Entry(times: times, until: until, isStuck: stuck == 1, what: String(words[3]))
    }
  }
}
