import Testing

@testable import Gateway

@Suite struct EventQueryTests {
  private static func query(_ text: String) -> EventQuery { EventQuery(text.utf8.span) }

  @Test func `a query has a start, topics, and a limit`() {
    let query = Self.query("since=7&topics=errors,providers%2F*&limit=20")
    #expect(query.since == 7)
    #expect(query.topics == "errors,providers/*")
    #expect(query.limit == 20)
  }

  @Test(arguments: [("0", 1), ("-5", 1), ("1", 1), ("x", 100), ("", 100), ("1000000", 1_000_000)])
  func `a limit is at least 1, and 100 if it is not a number`(text: String, limit: Int) {
    #expect(Self.query("limit=\(text)").limit == limit)
  }

  @Test(arguments: [
    ("since=abc", "since"), ("limit=many", "limit"), ("since=1&limit=1.5", "limit"), ("since=-1", "since"),
    ("since=99999999999999999999", "since"), ("since=x&limit=y", "since"), ("since=7&limit=5&x=abc", nil),
    ("since=", nil),
  ])
  func `a start or a limit that is not a number is named`(text: String, name: String?) {
    #expect(Self.query(text).malformed == name)
  }

  @Test func `malformed parts and those after the sixteenth are ignored`() {
    #expect(Self.query("") == Self.query("since&x=1&=&&&topics"))
    #expect(Self.query("since=-1&since=x").since == nil)
    let many = String(repeating: "a=b&", count: 15)
    #expect(Self.query(many + "since=3").since == 3)
    #expect(Self.query(many + "a=b&since=3").since == nil)
  }
}
