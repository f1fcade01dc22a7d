import Testing

@testable import Gateway

@Suite struct TOMLFileTests {
  static func read(_ text: String) throws -> [TOMLEntry] { try TOMLFile.read(Array(text.utf8)) }

  static func position(_ line: Int, _ column: Int) -> TOMLPosition { TOMLPosition(line: line, column: column) }

  @Test func `a file becomes its values in order, parents first`() throws {
    let entries = try Self.read("b = 1\n[z]\na.c = \"é\"\n[[l]]\nx = [true, 1.5]\n[[l]]\n\"q.r\" = 1979-05-27\n")
    #expect(
      entries.map(\.path) == [
        "", "b", "z", "z.a", "z.a.c", "l", "l[0]", "l[0].x", "l[0].x[0]", "l[0].x[1]", "l[1]", "l[1].\"q.r\"",
      ])
    #expect(
      entries.map(\.value) == [
        .table, .integer(1), .table, .table, .string("é"), .array(2), .table, .array(2), .boolean(true),
        .float(1.5),
        .table, .datetime,
      ])
    #expect(entries[1].position == Self.position(1, 1))
    #expect(entries[4].position == Self.position(3, 3))
    #expect(entries[6].position.line == 4)
    #expect(entries[9].position == Self.position(5, 12))
    #expect(entries[10].position.line == 6)
  }

  @Test func `an empty file is an empty table`() throws {
    #expect(try Self.read("").map(\.value) == [.table])
    #expect(try Self.read("# only words\n").count == 1)
  }

  @Test(arguments: [
    ("a = 1\nb = \n", 2), ("a = 1\na = 2", 2), ("[a]\n[a]", 2), ("= 1", 1), ("a = \"\u{1}\"", 1), ("a = \"open", 1),
    ("a = 99999999999999999999", 1), ("\0", 1), ("[.a]", 1), ("x = 1\n[=]\ny = 2\n[.]", 2), ("[", 1),
    ("x = 1\n\n[[", 3),
    ("x = {=}", 1), ("é = 1", 1), ("a = 1 ћ", 1),
  ])
  func `a text that is not TOML is an error with its line`(text: String, line: Int) {
    let error = #expect(throws: TOMLError.self) { try Self.read(text) }
    #expect(error?.position.line == line)
    #expect(error?.message.isEmpty == false)
  }

  @Test func `bytes that are not UTF-8 are an error`() {
    #expect(throws: TOMLError.self) { try TOMLFile.read(Array("a = \"".utf8) + [0xff, 0xfe, 0x22]) }
  }

  @Test func `a file may have the maximum size`() throws {
    let full = [UInt8](repeating: UInt8(ascii: "\n"), count: TOMLFile.bytesMax)
    #expect(try TOMLFile.read(full).count == 1)
    #expect(throws: TOMLError.self) { try TOMLFile.read(full + [10]) }
  }

  @Test func `depth has a limit, in tables, keys, and lists`() throws {
    let dotted = { (dots: Int) in String(repeating: "a.", count: dots) + "a" }
    #expect(try Self.read("[\(dotted(16))]").count == 18)
    #expect(throws: TOMLError.self) { try Self.read("[\(dotted(17))]") }
    #expect(throws: TOMLError.self) { try Self.read("x = 1\n" + dotted(400_000) + " = 1") }
    #expect(throws: TOMLError.self) { try Self.read("x = {" + dotted(17) + " = 1}") }
    #expect(throws: TOMLError.self) { try Self.read("\"=#\"." + dotted(17) + " = 1") }
    #expect(throws: TOMLError.self) { try Self.read("x = \"\"\"\"\"\"\"\"\n" + dotted(17) + " = 1") }
    #expect(throws: TOMLError.self) {
      try Self.read("x = " + String(repeating: "[", count: 200) + String(repeating: "]", count: 200))
    }
    #expect(throws: TOMLError.self) { try Self.read("x = " + String(repeating: "[", count: 500_000)) }
    let level = "[\n{" + dotted(15) + " = "
    let deepest = String(repeating: level, count: 30) + "1" + String(repeating: "}]", count: 30)
    #expect(try Self.read("x = " + deepest).count == 512)
  }

  @Test(arguments: [
    "x = \"....................\"", "x = '....................'", "x = \"\\\"....................\"",
    "# ....................", "x = \"\"\"\n....................\n\"\"\"", "x = '''....................'''''",
    "x = \"\"\"\\\n....................\"\"\"\"\ny = 1",
    "x = [\n1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]",
  ])
  func `dots outside of keys do not count as depth`(text: String) throws {
    #expect(try Self.read(text).count > 0)
  }

  @Test func `the total size of all paths has a limit`() {
    let name = String(repeating: "k", count: 500_000)
    let keys = (0..<100).map { "a\($0) = 1\n" }.joined()
    #expect(throws: TOMLError.self) { try Self.read("[\(name)]\n\(keys)") }
  }
}
