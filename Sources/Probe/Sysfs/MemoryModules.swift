/// Calculates the memory bandwidth from the firmware's list of memory modules, which only root can read.
///
/// Source: DMTF's System Management BIOS Reference Specification 3.7, structure type 17.
enum MemoryModules {
  /// Maximum number of structures that are read.
  private static let structuresMax = 4096

  /// Returns gigabytes per second, as width times transfer rate of each channel; `nil` if the list is incomplete.
  ///
  /// Modules whose names contain the same channel count once. A module whose name contains no channel counts as
  /// one.
  static func bandwidth(_ table: [UInt8]) -> Double? {
    var sum = 0.0
    var channels = Set<String>()
    var at = 0
    for _ in 0..<structuresMax {
      guard at + 4 <= table.count, table[at] != 127 else { break }
      let length = Int(table[at + 1])
      guard length >= 4, at + length <= table.count else { break }
      let fields = table[at..<at + length]
      at += length
      let texts = texts(table, &at)
      guard fields.first == 17, let module = Module(Array(fields), texts) else { continue }
      if let channel = module.channel, !channels.insert(channel).inserted { continue }
      sum += module.gigabytesPerSecond
    }
    return sum > 0 && sum < 10_000 ? sum : nil
  }

  /// Reads the strings after a structure: each ends with a zero byte, and the list with another.
  private static func texts(_ table: [UInt8], _ at: inout Int) -> [String] {
    var texts: [String] = []
    var start = at
    while at < table.count {
      if table[at] == 0 {
        if at > start { texts.append(String(decoding: table[start..<at], as: UTF8.self)) }
        let isLast = at + 1 >= table.count || table[at + 1] == 0
        at += isLast ? 2 : 1
        start = at
        if isLast { break }
      } else {
        at += 1
      }
    }
    return texts
  }

  private struct Module {
    var channel: String?
    var gigabytesPerSecond: Double

    /// Parses a module; `nil` for an empty slot, or if width or speed is missing.
    init?(_ fields: [UInt8], _ texts: [String]) {
      func word(_ offset: Int) -> Int {
        offset + 1 < fields.count ? Int(fields[offset]) | Int(fields[offset + 1]) << 8 : 0
      }
      func text(_ offset: Int) -> String {
        guard offset < fields.count, fields[offset] > 0, fields[offset] <= texts.count else { return "" }
        return texts[Int(fields[offset]) - 1].lowercased()
      }
      let rate = word(0x20) > 0 && word(0x20) < 0xffff ? word(0x20) : word(0x15)
      let width = word(0x0a)
      guard word(0x0c) > 0, (1...512).contains(width), (1...0xfffe).contains(rate) else { return nil }
      gigabytesPerSecond = Double(width.times(rate)) / 8000
      channel = Self.channel(text(0x11)) ?? Self.channel(text(0x10))
    }

    /// Returns the part of a name that identifies the channel, as in `p0 channel a` or `p0_node1_channel0_dimm0`:
    /// all up to the letter or number after `channel`.
    private static func channel(_ name: String) -> String? {
      let words = name.split { !$0.isLetter && !$0.isNumber }
      guard let index = words.firstIndex(where: { $0.hasPrefix("channel") }) else { return nil }
      var named = words[...index]
      if words[index] == "channel" {
        guard index + 1 < words.count else { return nil }
        named = words[...(index + 1)]
      }
      // A controller's number comes before the channel's, a module's after it.
      return named.joined(separator: " ")
    }
  }
}
