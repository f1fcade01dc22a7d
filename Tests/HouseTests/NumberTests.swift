import Testing

/// Arithmetic on numbers that a caller, a provider, a file or a driver chose.
@Suite struct NumberTests {
  /// Where such numbers are read: folders, and beginnings of files' names.
  private static let rooms = [
    "Gateway/Calls/", "Gateway/Configuration/", "Gateway/Dialects/", "Gateway/Dispatch/Health/Retry",
    "Gateway/Dispatch/Models/ModelCatalog+Read", "Gateway/Endpoints/HardwareRequest",
    "Gateway/Types/UpstreamHead",
    "Gateway/Front/", "Gateway/Types/Demo", "Gateway/Types/TimeZoneRules", "Gateway/Types/TokenPrices",
    "Gateway/Types/Usage", "Gateway/Types/YearlyRule", "Gateway/Wire/", "Probe/Drivers/",
    "Probe/JSONReader", "Probe/Models/", "Probe/PCIAddress", "Probe/Sysfs/", "Probe/Text", "Probe/Vulkan/",
    "HTTPText/", "Reactor/Upstreams/Curl/CurlHandle", "Reactor/Upstreams/Plain/", "Reactor/Upstreams/UpstreamHost",
  ]

  private static let files = Tree.swift("Sources").filter { file in
    let path = file.path.dropFirst("Sources/".count)
    // A writer has no number that its reader did not check.
    if path.hasPrefix("Gateway/Dialects/"), path.contains("Writer") { return false }
    return rooms.contains { path.hasPrefix($0) }
  }

  @Test(arguments: [
    ("let a = Int(number)", 1), ("let a = Int32(b) + UInt8(c - 1)", 2), ("let a = Int(32)", 0),
    ("let a = Int(clamping: number)", 0), ("UInt8(truncatingIfNeeded: a >> 8)", 0), ("UInt8(ascii: \"\")", 0),
    ("Int(text, radix: 16)", 0), ("Int(value.slice.count)", 0), ("Int(value.slice.count * 2)", 2),
    ("Int(LINUX_IN)", 0), ("if let a = Int(text) {", 0), ("words.flatMap { Int($0) }", 0), ("map { Int($0) }", 1),
    ("func pointInt(number)", 0), ("a = b * c", 1), ("a = b &* c", 0), ("static let max = 4 * 1024", 0),
    ("(1 << 20)", 0), ("1 << number", 1), ("a <<= 3", 1), ("sum += size", 1), ("index += 1", 0),
    ("text += \"\"", 0),
    ("a &+= b", 0), ("a.b(c)", 0), ("Int((a + b).rounded())", 1),
    ("* b", 1), ("a +=", 1), ("let a = Int(", 1), ("numericCast(a)", 1), ("sizes.reduce(0, +)", 1),
  ])
  func `bare arithmetic is told from checked arithmetic`(_ line: String, _ count: Int) {
    #expect(BareArithmetic.find(in: line).count == count, "\(BareArithmetic.find(in: line))")
  }

  @Test func `every room has files`() {
    for room in Self.rooms { #expect(Self.files.contains { $0.path.hasPrefix("Sources/" + room) }, "\(room)") }
  }

  @Test func `numbers from outside meet no bare arithmetic but what the table lists`() {
    var rows = NumberAllowance.all
    #expect(Set(rows.map(\.path)).count == rows.count)
    for file in Self.files {
      let found = file.code.enumerated().flatMap { line in
        BareArithmetic.find(in: line.element).map { "\(line.offset + 1): \($0)" }
      }
      let row = rows.firstIndex { "Sources/" + $0.path == file.path }
      let allowed = row.map { rows.remove(at: $0).count } ?? 0
      if found.count > allowed {
        Issue.record("\(file.path) may have \(allowed), not \(found.count); check or saturate: \(found)")
      } else if found.count < allowed {
        Issue.record("\(file.path) has \(found.count); its row of NumberAllowance must not say \(allowed)")
      }
    }
    #expect(rows.map(\.path) == [])
  }
}
