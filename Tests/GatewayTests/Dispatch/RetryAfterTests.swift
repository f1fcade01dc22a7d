@testable import Gateway
import Testing

@Suite struct RetryAfterTests {
  /// 2026-01-31, 12:30.
  private static let now = 1_769_862_600

  private static func field(_ text: String) -> Duration? { RetryAfter.field(Array(text.utf8).span, now: now) }
  private static func duration(_ text: String) -> Duration? { RetryAfter.duration(Array(text.utf8).span) }
  private static func milliseconds(_ text: String) -> Duration? { RetryAfter.milliseconds(Array(text.utf8).span) }
  private static func reset(_ text: String) -> Duration? { RetryAfter.reset(Array(text.utf8).span, now: now) }
  private static func info(_ text: String) -> Duration? { RetryAfter.retryInfo(Array(text.utf8).span) }
  private static func date(_ text: String) -> Int? { RetryAfter.date(Array(text.utf8).span) }
  private static func timestamp(_ text: String) -> Int? { RetryAfter.timestamp(Array(text.utf8).span) }

  @Test func `a retry-after field is seconds or a date`() {
    #expect(Self.field("0") == .zero)
    #expect(Self.field(" 120 ") == .seconds(120))
    #expect(Self.field("1.5") == .milliseconds(1500))
    #expect(Self.field("Sat, 31 Jan 2026 12:31:00 GMT") == .seconds(60))
    #expect(Self.field("Saturday, 31-Jan-26 12:31:00 GMT") == .seconds(60))
    #expect(Self.field("Sat Jan 31 12:31:00 2026") == .seconds(60))
    // A time in the past is now.
    #expect(Self.field("Sun, 06 Nov 1994 08:49:37 GMT") == .zero)
    #expect(Self.field("Sat, 31 Jan 2099 12:31:00 GMT") == RetryAfter.longest)
    #expect(Self.field("99999999999999999999999999999999999") == RetryAfter.longest)
  }

  @Test(arguments: [
    "", " ", "-1", "+1", "soon", "1,5", "1.", ".5", "0x10", "1e3", "12 s", "1 2", "Sat", "Sat, 31",
    "Sat, 31 Jan", "Sat, 31 Jan 2026", "Sat, 31 Jan 2026 12:31 GMT", "Sat, 31 Jxn 2026 12:31:00 GMT",
    "Sat, 32 Jan 2026 12:31:00 GMT", "Sat, 31 Jan 2026 24:00:00 GMT", "Sat, 31 Jan 20266 12:31:00 GMT",
    "Sat, 00 Jan 2026 12:31:00 GMT", "Sat, aa Jan 2026 12:31:00 GMT", "Saturday, 31-Jan-2 12:31:00 GMT",
    "Saturday, 31.Jan.26 12:31:00 GMT", "Sat Jan 31 12:31:00 2026 GMT", "\u{e9}", "Sat, 31 Jan 2026 12-31-00 GMT",
  ])
  func `an invalid value gives nil`(_ text: String) { #expect(Self.field(text) == nil) }

  @Test func `a value that is too long gives nil`() {
    let digits = String(repeating: "1", count: 64)
    #expect(Self.field(digits) == RetryAfter.longest)
    #expect(Self.field(digits + "1") == nil)
    #expect(Self.duration(digits + "s") == nil)
    #expect(Self.reset(String(repeating: "1s", count: 33)) == nil)
    #expect(Self.date(String(repeating: "Sat ", count: 100)) == nil)
  }

  @Test func `retry-after-ms is in milliseconds`() {
    #expect(Self.milliseconds("250") == .milliseconds(250))
    #expect(Self.milliseconds("0.5") == .microseconds(500))
    #expect(Self.milliseconds("99999999999999999999999999") == RetryAfter.longest)
    #expect(Self.milliseconds("ms") == nil)
  }

  @Test func `durations have units`() {
    #expect(Self.duration("6m0s") == .seconds(360))
    #expect(Self.duration("1s") == .seconds(1))
    #expect(Self.duration("20ms") == .milliseconds(20))
    #expect(Self.duration("1h2m3.5s") == .milliseconds(3_723_500))
    #expect(Self.duration("1d") == .seconds(86_400))
    #expect(Self.duration("34.074824224s") == .nanoseconds(34_074_824_224))
    #expect(Self.duration("7us") == .microseconds(7))
    #expect(Self.duration("7\u{b5}s") == .microseconds(7))
    #expect(Self.duration("9ns") == .nanoseconds(9))
    #expect(Self.duration("99999999d99999999d") == RetryAfter.longest)
    for text in ["s", "5", "5x", "5 s", "-5s", "1.2.3s", "5s5", "....", "5mss", "ss5"] {
      #expect(Self.duration(text) == nil, "\(text)")
    }
  }

  @Test func `a reset is read in every form`() {
    #expect(Self.reset("2026-01-31T12:30:30Z") == .seconds(30))
    #expect(Self.reset("2026-01-31T14:30:30+02:00") == .seconds(30))
    #expect(Self.reset("2026-01-31t12:30:29.25z") == .seconds(30))
    #expect(Self.reset("2026-01-31T07:00:30-05:30") == .seconds(30))
    #expect(Self.reset("2020-01-01T00:00:00Z") == .zero)
    #expect(Self.reset("6m0s") == .seconds(360))
    #expect(Self.reset("45") == .seconds(45))
    #expect(Self.reset("45.5") == .milliseconds(45_500))
    #expect(Self.reset("\(Self.now + 90)") == .seconds(90))
    #expect(Self.reset("\((Self.now + 90) * 1000)") == .seconds(90))
    #expect(Self.reset("\(Self.now - 90)") == .zero)
    #expect(Self.reset("99999999999999999999999999999") == RetryAfter.longest)
    #expect(Self.reset("Sat, 31 Jan 2026 12:31:00 GMT") == .seconds(60))
    for text in [
      "2026-01-31", "2026-01-31T12:30:30", "2026-13-31T12:30:30Z", "2026-01-31T12:30:30.Z", "x", "0-0-0-0-0-0",
    ] {
      #expect(Self.reset(text) == nil, "\(text)")
    }
  }

  @Test func `days are counted as the calendar does`() {
    #expect(Self.timestamp("1970-01-01T00:00:00Z") == 0)
    #expect(Self.timestamp("2000-02-29T23:59:59Z") == 951_868_799)
    #expect(Self.timestamp("2026-01-31T12:30:00Z") == Self.now)
    #expect(Self.date("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    #expect(Self.date("Sunday, 06-Nov-94 08:49:37 GMT") == 784_111_777)
    #expect(Self.date("Sun Nov  6 08:49:37 1994") == 784_111_777)
    // Every day of a period, against the opposite direction.
    for day in stride(from: 0, to: 40_000, by: 37) {
      let date = CivilDate.of(days: day)
      func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
      #expect(Self.timestamp("\(date.year)-\(two(date.month))-\(two(date.day))T00:00:00Z") == day * 86_400)
    }
  }

  @Test func `random bytes are no value or a time within bounds`() {
    var random = SplitMix(state: 3)
    let letters = Array("0123456789.:-+TtZz, smhdSatJanGMT\u{b5}".utf8)
    var found = 0
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in letters.randomElement(using: &random)! }
      let times = [
        RetryAfter.field(text.span, now: Self.now), RetryAfter.reset(text.span, now: .max),
        RetryAfter.reset(text.span, now: .min), RetryAfter.duration(text.span), RetryAfter.milliseconds(text.span),
      ]
      for time in times.compactMap(\.self) {
        found += 1
        #expect((.zero...RetryAfter.longest).contains(time), "\(String(decoding: text, as: UTF8.self))")
      }
    }
    #expect(found > 100)
  }

  @Test func `Gemini's delay is in the body`() {
    let info = #"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}"#
    let body =
      #"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"a":[1]},7,"# + info
      + "]}}"
    #expect(Self.info(body) == .milliseconds(34_500))
    #expect(Self.info("[" + body + "]") == .milliseconds(34_500))
    #expect(Self.info(" \n[ " + body + ", {}]") == .milliseconds(34_500))
    for text in [
      "", "[", "[]", "{}", "nonsense", #"{"error":"x"}"#, #"{"error":{"details":{}}}"#,
      #"{"error":{"details":[{"retryDelay":5}]}}"#, #"{"error":{"details":[{"retryDelay":"5"}]}}"#,
      #"{"error":{"details":[{"retryDelay":"\u0035s"}]}}"#, String(body.dropLast(40)),
      String(repeating: "[", count: 1000),
    ] {
      #expect(Self.info(text) == nil, "\(text)")
    }
  }

  // MARK: All fields of a response

  private static func wait(_ fields: [String: String], body: String? = nil) -> Duration? {
    var wait = RetryHint(now: now) { name in fields["\(name)"] }
    if let body { wait.note(body: Array(body.utf8).span) }
    return wait.wait
  }

  @Test func `an explicit time takes precedence`() {
    #expect(Self.wait(["retry-after": "7", "retry-after-ms": "250"]) == .milliseconds(250))
    #expect(Self.wait(["retry-after": "7", "retry-after-ms": "?"]) == .seconds(7))
    #expect(Self.wait(["retry-after": "7", "x-ratelimit-reset-tokens": "1s"]) == .seconds(7))
    let body = #"{"error":{"details":[{"retryDelay":"9s"}]}}"#
    #expect(Self.wait(["x-ratelimit-reset": "3"], body: body) == .seconds(9))
    #expect(Self.wait(["retry-after": "7"], body: body) == .seconds(7))
    #expect(Self.wait([:]) == nil)
    #expect(Self.wait(["retry-after": "tomorrow"]) == nil)
  }

  @Test func `the limits that are used up count`() {
    #expect(
      Self.wait([
        "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-remaining-tokens": "1200", "x-ratelimit-reset-tokens": "20ms",
      ]) == .seconds(360))
    #expect(
      Self.wait([
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-01-31T12:30:01Z",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "2026-01-31T12:30:40Z",
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "2026-01-31T12:30:20Z",
      ]) == .seconds(40))
    // No limit is used up, so the earliest reset counts.
    #expect(
      Self.wait([
        "x-ratelimit-remaining-requests": "12", "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-remaining-tokens": "1200", "x-ratelimit-reset-tokens": "3s",
      ]) == .seconds(3))
    #expect(
      Self.wait(["x-ratelimit-reset-requests-day": "33011.4", "x-ratelimit-reset-tokens-minute": "11.4"])
        == .milliseconds(11_400))
    #expect(Self.wait(["x-ratelimit-remaining": "0", "x-ratelimit-reset": "\(Self.now + 5)"]) == .seconds(5))
    #expect(Self.wait(["ratelimit-reset": "4"]) == .seconds(4))
  }

  @Test(arguments: [
    (#""default";r=50;t=30"#, 30), (#""hour";r=0;t=1800, "day";r=9;t=50000"#, 1800),
    (#"day;r=9;t=50000,hour;r=8;t=9"#, 9),
    (#""a,b;t=1";r=0; t=7"#, 7), ("limit=100, remaining=0, reset=50", 50), (#""x";t=0"#, nil), (#""x";r=0"#, nil),
    (#""x";t=-4"#, nil), (#""x";t="#, nil), (#""open;t=5"#, nil), ("", nil), (";;,,", nil),
    (#""x";t=99999999999999999999"#, 31 * 86_400),
  ])
  func `the draft standard's list of limits is read`(_ value: String, _ seconds: Int?) {
    #expect(Self.wait(["ratelimit": value]) == seconds.map { .seconds($0) })
  }

  @Test func `a list of limits has at most eight`() {
    let value = (0..<2000).map { #""p\#($0)";r=0;t=\#($0 + 1)"# }.joined(separator: ",")
    #expect(Self.wait(["ratelimit": value]) == .seconds(8))
  }

  @Test func `the number of limits in one response is bounded`() {
    var wait = RetryHint()
    for number in 0..<10_000 {
      let name = Array("X-RateLimit-Reset-thing\(number)".utf8)
      let value = Array("\(10_000 - number)s".utf8)
      wait.note(name.span, value.span, now: Self.now)
    }
    #expect(wait.wait == .seconds(9993))
  }

  @Test func `seconds to wait are rounded up, and at least 1`() {
    for (milliseconds, seconds) in [(-5000, 1), (0, 1), (1, 1), (1000, 1), (1001, 2), (2000, 2), (2500, 3)] {
      #expect(Duration.milliseconds(milliseconds).wholeSeconds == seconds)
    }
  }
}
