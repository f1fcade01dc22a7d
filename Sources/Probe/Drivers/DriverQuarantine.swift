internal import Glibc

/// What became of inquiries, by what was asked and of which drivers.
public struct DriverQuarantine: Sendable, Equatable {
  private struct Entry: Sendable, Equatable {
    var times = 0
    var until = 0
    var isStuck = false
    var what = ""
  }

  /// Entries that are kept.
  private static let entriesMax = 64
  private var entries: [String: Entry] = [:]

  public init() {}

  /// Why a driver is not asked now; nil when it is.
  func reason(against key: String, now: Int) -> String? {
    guard let entry = entries[key] else { return nil }
    if entry.isStuck { return "it waits for the device since an earlier inquiry, and will until the next start" }
    return now < entry.until
      ? "it \(entry.what) \(entry.times == 1 ? "once" : "\(entry.times) times"); asked again later" : nil
  }

  /// Keeps what became of an inquiry: a minute of rest after the first failure, twice as long after each further one,
  /// a day at most.
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

  /// A line for each: how often, until when, whether it is stuck, what it did, and the driver.
  var text: String {
    entries.sorted { $0.key < $1.key }.map { key, entry in
      "\(entry.times) \(entry.until) \(entry.isStuck ? 1 : 0) \(entry.what) \(key)\n"
    }.joined()
  }

  /// Reads such lines; what makes no sense is left out.
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

/// DriverQuarantine that outlive the program. The driver's key has the start of the machine in it, so none outlives that.
struct QuarantineFile {
  private static let bytesMax = 1 << 18

  let path: String

  /// What is remembered; nil when there is no such file.
  func read() -> DriverQuarantine? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { _ = close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while bytes.count < Self.bytesMax {
      let count = unsafe Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { return nil }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return DriverQuarantine(text: String(decoding: bytes, as: UTF8.self))
  }

  /// Puts a new file in the place of the old one. Where that is not possible, this program alone remembers.
  func write(_ quarantine: DriverQuarantine) {
    let beside = "\(path).\(getpid())"
    if let slash = path.lastIndex(of: "/") { _ = unsafe mkdir(String(path[..<slash]), 0o700) }
    let file = unsafe open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { return }
    let bytes = Array(quarantine.text.utf8)
    let count = unsafe Glibc.write(file, bytes, bytes.count)
    _ = close(file)
    let isPlaced = unsafe count == bytes.count && rename(beside, path) == 0
    if !isPlaced { _ = unsafe unlink(beside) }
  }
}
