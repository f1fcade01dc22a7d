import Foundation
@testable import Gateway
import Testing

@Suite struct AccessLogEntryTests {
  private static func row(_ text: String) -> RequestRecord {
    var row = RequestRecord()
    row.id = text
    row.path = text
    row.model = text
    row.provider = text
    row.failedAttempts = [.init(provider: text, reason: "broken"), .init(provider: text, reason: "")]
    row.status = 200
    row.streams = true
    row.bytesIn = .max
    row.firstByte = .microseconds(1500)
    row.total = .milliseconds(-1)
    row.usage = Usage(prompt: 3, completion: 4, source: .estimated)
    return row
  }

  private static func text(_ write: (inout [UInt8]) -> Void) -> String {
    var out: [UInt8] = []
    write(&out)
    return String(decoding: out, as: UTF8.self)
  }

  static let hostile = [
    "plain", "", "a\nb", "\r\n", "\"", "\\", "\u{0}\u{1b}[31m", "é\u{2028}\u{85}", "{\"a\":1}", "</script>",
    "\u{7f} x=y",
    String(repeating: "\n", count: 5000),
  ]

  @Test(arguments: hostile)
  func `a row of JSON is valid and one line, whatever is in it`(_ text: String) throws {
    let line = Self.text {
      AccessLogEntry(Self.row(text)).writeJSON(wallClock: 1_700_000_000_123_456_789, into: &$0)
    }
    #expect(line.hasSuffix("}\n"))
    #expect(line.utf8.count { $0 == 0x0a } == 1)
    #expect(ChatFeed.hasUniqueKeys(String(line.dropLast())) == true)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    for key in ["id", "path", "model", "provider"] { #expect(object[key] as? String == text) }
    #expect(object["failed_attempts"] as? String == "\(text):broken \(text)")
    #expect(object["time"] as? String == "2023-11-14T22:13:20.123Z")
    #expect(object["bytes_in"] as? Int == .max)
    #expect(object["first_byte_us"] as? Int == 1500)
    #expect(object["total_us"] as? Int == -1000)
    #expect(object["usage_source"] as? String == "estimated")
    #expect(object["outcome"] as? String == "completed")
    #expect(object["caller"] as? String == "anyone")
  }

  @Test(arguments: hostile)
  func `a row of text is one line of plain characters`(_ text: String) {
    let line = Self.text { AccessLogEntry(Self.row(text)).writeText(wallClock: 0, into: &$0) }
    #expect(line.hasPrefix("1970-01-01T00:00:00.000Z 200 completed "))
    #expect(line.hasSuffix("\n"))
    #expect(line.utf8.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7f })
    // No caller can write a field of another one's entry.
    #expect(line.ranges(of: " caller=").count == 1)
    #expect(line.ranges(of: " x=y").isEmpty)
  }

  @Test func `a row of text says what happened`() {
    var row = RequestRecord()
    row.id = "r1"
    row.path = "/v1/chat/completions"
    row.status = 200
    row.outcome = .truncated
    row.caller = Caller(APIKey(CallerID(bits: 1), name: "key-1"))
    row.bytesOut = 12
    row.total = .microseconds(12_345)
    #expect(
      Self.text { AccessLogEntry(row).writeText(wallClock: 1_000_000, into: &$0) }
        == "1970-01-01T00:00:00.001Z 200 upstream_truncated /v1/chat/completions in=0 out=12 total=12.3ms caller=key-1 id=r1\n"
    )
    let json = Self.text { AccessLogEntry(row).writeJSON(wallClock: 0, into: &$0) }
    for key in ["failed_attempts", "first_byte_us", "prompt_tokens", "usage_source"] {
      #expect(!json.contains(key))
    }
  }

  @Test(
    arguments: [(0, "000"), (1, "001"), (10, "010"), (99, "099"), (100, "100"), (999, "999")] as [(UInt64, String)])
  func `milliseconds have three digits`(_ milliseconds: UInt64, _ digits: String) {
    #expect(
      Self.text { AccessLogEntry.time(milliseconds * 1_000_000, into: &$0) } == "1970-01-01T00:00:00.\(digits)Z")
  }

  @Test func `times at the far ends do not trap`() {
    var row = RequestRecord()
    row.total = .seconds(Int64.max)
    row.firstAttempt = .seconds(Int64.min)
    row.firstByte = .seconds(Int64.max)
    #expect(!Self.text { AccessLogEntry(row).writeJSON(wallClock: .max, into: &$0) }.isEmpty)
    #expect(!Self.text { AccessLogEntry(row).writeText(wallClock: .max, into: &$0) }.isEmpty)
  }
}
