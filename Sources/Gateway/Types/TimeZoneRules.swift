/// The offsets of a time zone from UTC at all times, read from a compiled zone file.
///
/// Source: RFC 8536, "The Time Zone Information Format (TZif)", versions 2 and later; POSIX, XBD 8.3, `TZ`, for the times
/// after the last transition of the file.
public struct TimeZoneRules: Hashable, Sendable {
  /// The largest zone file, in bytes.
  public static let bytesMax = 256 * 1024
  /// The most transitions of a file.
  private static let transitionsMax = 4096

  /// The name, as in `Europe/Berlin`.
  public let name: String
  /// When the offset changes, in seconds since 1970, and the offset from then on in seconds.
  private var transitions: [Transition] = []
  /// The offset before the first transition.
  private var first = 0
  /// The rule for the times after the last transition; `nil` if the last offset stays.
  private var rule: YearlyRule?

  struct Transition: Hashable, Sendable {
    var at: Int64
    var offset: Int
  }

  /// A zone is its name: its times may change with the machine's zone files, and no budget begins again with that.
  public static func == (left: TimeZoneRules, right: TimeZoneRules) -> Bool { left.name == right.name }

  public func hash(into hasher: inout Hasher) { hasher.combine(name) }

  /// UTC.
  public static let utc = TimeZoneRules(name: "UTC")

  private init(name: String) { self.name = name }

  /// Whether a text can be the name of a zone, so that it is a safe path below the folder of the zones.
  public static func isName(_ text: String) -> Bool {
    guard (1...64).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "/") else { return false }
    let isPlain = text.utf8.allSatisfy { byte in
      byte.isDecimal || (0x41...0x5a).contains(byte & 0xdf) || [0x2b, 0x2d, 0x2f, 0x5f].contains(byte)
    }
    return isPlain && !text.split(separator: "/", omittingEmptySubsequences: false).contains("")
  }

  /// Reads a zone file; `nil` if it is not one of version 2 or later.
  public init?(name: String, _ file: Span<UInt8>) {
    guard file.count <= Self.bytesMax, let old = Header(file, at: 0), old.version >= 2,
      let header = Header(file, at: old.end(timeBytes: 4)), header.transitions <= Self.transitionsMax
    else { return nil }
    self.init(name: name)
    let times = header.start
    let indices = times + header.transitions * 8
    let types = indices + header.transitions
    let end = header.end(timeBytes: 8)
    guard header.types > 0, end <= file.count else { return nil }
    func offset(_ type: Int) -> Int {
      Int(Int32(truncatingIfNeeded: file.bigEndian(at: types + type * 6, count: 4)))
    }
    var before = Int64.min
    for index in 0..<header.transitions {
      let at = file.bigEndian(at: times + index * 8, count: 8)
      let type = Int(file[indices + index])
      guard at > before, type < header.types, abs(offset(type)) < 86_400 * 2 else { return nil }
      before = at
      transitions.append(Transition(at: at, offset: offset(type)))
    }
    first = offset(0)
    guard abs(first) < 86_400 * 2 else { return nil }
    var footer = file.extracting(end..<file.count)
    if footer.count >= 2, footer[0] == UInt8(ascii: "\n"), footer[footer.count - 1] == UInt8(ascii: "\n") {
      footer = footer.extracting(1..<footer.count - 1)
      if footer.isEmpty { return }
      guard let parsed = YearlyRule(footer) else { return nil }
      rule = parsed
    }
  }

  /// Returns the offset from UTC at a time in seconds since 1970.
  public func offset(at time: Int64) -> Int {
    guard let last = transitions.last else { return rule?.offset(at: time) ?? first }
    if time >= last.at, let rule { return rule.offset(at: time) }
    // The last transition that is not after the time.
    var (low, high) = (0, transitions.count)
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle].at <= time { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? first : transitions[low - 1].offset
  }

  /// Returns the first time after `start` at which local clocks show at least `local` seconds since 1970-01-01 00:00.
  ///
  /// Where clocks are put forward over that time, it is the time at which they are.
  public func firstTime(from start: Int64, showing local: Int64) -> Int64 {
    // Offsets differ by less than two days, and change at most once in a few hours: the changes are found by halving.
    var time = max(start, local - 2 * 86_400)
    let end = max(start, local + 2 * 86_400)
    while time < end {
      let offset = offset(at: time)
      let next = change(after: time, before: end)
      let candidate = max(time, local - Int64(offset))
      if candidate < next { return candidate }
      time = next
    }
    return end
  }

  /// Returns the first time after `time` with another offset, if it is before `end`; `end` otherwise.
  private func change(after time: Int64, before end: Int64) -> Int64 {
    let offset = offset(at: time)
    var next = time
    while next < end {
      let step = min(end, next + 3 * 3600)
      if self.offset(at: step) != offset {
        var (low, high) = (next, step)
        while low + 1 < high {
          let middle = low + (high - low) / 2
          if self.offset(at: middle) == offset { low = middle } else { high = middle }
        }
        return high
      }
      next = step
    }
    return end
  }
}

/// The header of one of the two parts of a zone file.
private struct Header {
  let version: Int
  /// The offset behind the header.
  let start: Int
  let transitions: Int
  let types: Int
  private let characters: Int
  private let leaps: Int
  private let standards: Int
  private let universals: Int

  init?(_ file: Span<UInt8>, at offset: Int) {
    guard offset >= 0, offset <= file.count - 44, file.extracting(offset..<offset + 4).equals("TZif") else {
      return nil
    }
    let byte = file[offset + 4]
    version = byte == 0 ? 1 : byte.isDecimal ? Int(byte - UInt8(ascii: "0")) : 0
    func count(_ index: Int) -> Int { Int(file.bigEndian(at: offset + 20 + index * 4, count: 4)) }
    (universals, standards, leaps, transitions, types, characters) = (
      count(0), count(1), count(2), count(3), count(4), count(5)
    )
    // Each is at most 2^32, so that the sums below cannot overflow.
    guard transitions <= file.count, types <= 256 else { return nil }
    start = offset + 44
  }

  /// The offset behind the part. Its times have `timeBytes` bytes each.
  func end(timeBytes: Int) -> Int {
    start + transitions * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + standards
      + universals
  }
}

extension Span where Element == UInt8 {
  /// Returns a number of up to eight bytes, the highest first. One of eight bytes is signed.
  fileprivate func bigEndian(at offset: Int, count: Int) -> Int64 {
    var number: UInt64 = 0
    for index in offset..<offset + count { number = number << 8 | UInt64(self[index]) }
    return Int64(bitPattern: number)
  }
}
