@testable import Gateway
import Testing

@Suite struct RequestIDTests {
  @Test(arguments: [
    ("a", true), ("A-z_0.9", true), (String(repeating: "x", count: 128), true),
    ("", false), (String(repeating: "x", count: 129), false), ("a b", false), ("a\r\nX: y", false),
    ("a\u{0}", false),
    ("\u{e9}", false), ("a/b", false), ("a\"", false), ("a:b", false),
  ])
  func `a client's request ID is used if it has only plain characters`(_ text: String, _ isValid: Bool) {
    #expect(Self.isValid(text) == isValid)
  }

  @Test func `a generated request ID is unique and sorts by time`() {
    var random = Seeded(7)
    let id = RequestID.mint(random: &random, milliseconds: 0x0123_4567_89ab)
    #expect(id.count == 36)
    #expect(id.hasPrefix("01234567-89ab-7"))
    #expect("89ab".contains(Array(id)[19]))
    #expect(Self.isValid(id))
    #expect(Array(id).indices.filter { Array(id)[$0] == "-" } == [8, 13, 18, 23])
    let later = RequestID.mint(random: &random, milliseconds: 0x0123_4567_89ac)
    #expect(id < later)
    let many = Set((0..<1000).map { _ in RequestID.mint(random: &random, milliseconds: 1) })
    #expect(many.count == 1000)
  }

  private static func isValid(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return RequestID.isValid(bytes.span)
  }
}
