/// Readers for every form in which upstreams state when to retry.
///
/// These are pure functions over bytes. Unreadable input gives `nil`, and results are limited to `longest`. Points in
/// time are compared with `now`, in seconds since 1970.
enum RetryAfter {
  /// The longest result: a month, the longest period of a quota.
  static let longest = Duration.seconds(31 * 86_400)
  /// The longest value that is read, in bytes.
  static let bytesMax = 64

  /// Reads a `Retry-After` field: seconds, or a date (RFC 9110 section 10.2.3). Some servers send fractions of
  /// seconds.
  static func field(_ value: Span<UInt8>, now: Int) -> Duration? {
    guard let text = trimmed(value) else { return nil }
    if text[0].isDecimal { return decimal(text, unit: .seconds(1)) }
    return date(text).map { wait(until: $0, now) }
  }

  /// Reads a `retry-after-ms` field: milliseconds. Source: the client libraries of OpenAI and Azure, which read it
  /// first.
  static func milliseconds(_ value: Span<UInt8>) -> Duration? {
    guard let text = trimmed(value) else { return nil }
    return decimal(text, unit: .milliseconds(1))
  }

  /// Reads a duration with units, such as `6m0s` or `20ms` (OpenAI's `x-ratelimit-reset-requests` and `-tokens`; the
  /// notation of Go's `time.Duration`), also with days, or `34.5s` (Gemini's `retryDelay`; the JSON form of
  /// protobuf).
  static func duration(_ value: Span<UInt8>) -> Duration? {
    guard let text = trimmed(value) else { return nil }
    var sum = Duration.zero
    var at = 0
    while at < text.count {
      let start = at
      while at < text.count, text[at].isDecimal || text[at] == UInt8(ascii: ".") { at += 1 }
      let numberEnd = at
      while at < text.count, !text[at].isDecimal { at += 1 }
      guard let unit = unit(text.extracting(numberEnd..<at)),
        let part = decimal(text.extracting(start..<numberEnd), unit: unit)
      else { return nil }
      sum = min(sum + part, longest)
    }
    return sum
  }

  /// Reads the reset time of a rate limit: an RFC 3339 date (Anthropic), a duration with units (OpenAI), seconds (the
  /// draft standard, Cerebras), or seconds or milliseconds since 1970 (GitHub, OpenRouter).
  static func reset(_ value: Span<UInt8>, now: Int) -> Duration? {
    guard let text = trimmed(value) else { return nil }
    if text.count > 10, text[4] == UInt8(ascii: "-") { return timestamp(text).map { wait(until: $0, now) } }
    guard isNumber(text) else {
      return text[0].isDecimal ? duration(text) : date(text).map { wait(until: $0, now) }
    }
    // A number above a month can only be a point in time.
    guard let number = decimal(text, unit: .seconds(1), most: .seconds(1 << 50)) else { return nil }
    let seconds = Int(clamping: number.components.seconds)
    if seconds > 100_000_000_000 { return wait(until: seconds / 1000, now) }
    if seconds > 1_000_000_000 { return wait(until: seconds, now) }
    return min(number, longest)
  }

  /// Reads the `retryDelay` of a `google.rpc.RetryInfo` in the details of an error, which Gemini sends with a 429.
  static func retryInfo(_ body: Span<UInt8>) -> Duration? {
    do throws(JSONError) {
      var root = try object(body)
      while let member = try root.next(in: body) {
        guard member.keyEquals("error", in: body), member.value.kind == .object else { continue }
        var error = try MemberCursor(in: body, at: Int(member.value.slice.start), depth: 2)
        while let member = try error.next(in: body) {
          guard member.keyEquals("details", in: body), member.value.kind == .array else { continue }
          return try delay(in: body, at: Int(member.value.slice.start))
        }
      }
    } catch {
      return nil
    }
    return nil
  }

  /// Returns the object of a body, or the first one of a list, as in streaming responses.
  private static func object(_ body: Span<UInt8>) throws(JSONError) -> MemberCursor {
    let start = Scanner.skip(in: body, from: 0)
    guard body.byte(at: start) == UInt8(ascii: "[") else { return try MemberCursor(in: body, at: start) }
    return try MemberCursor(in: body, at: Scanner.skip(in: body, from: start + 1), depth: 2)
  }

  private static func delay(in body: Span<UInt8>, at offset: Int) throws(JSONError) -> Duration? {
    var details = try ArrayCursor(in: body, at: offset, depth: 3)
    while let detail = try details.next(in: body) {
      guard detail.kind == .object else { continue }
      var members = try MemberCursor(in: body, at: Int(detail.slice.start), depth: 4)
      while let member = try members.next(in: body) {
        guard member.keyEquals("retryDelay", in: body), member.value.kind == .string else { continue }
        let inside = member.value.slice.range
        return duration(body.extracting(inside.lowerBound + 1..<inside.upperBound - 1))
      }
    }
    return nil
  }

  // MARK: Numbers

  /// Returns the value without surrounding spaces; `nil` if it is empty or too long.
  @_lifetime(copy value)
  private static func trimmed(_ value: Span<UInt8>) -> Span<UInt8>? {
    var start = 0
    var end = value.count
    while start < end, value[start] == 0x20 || value[start] == 0x09 { start += 1 }
    while end > start, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
    guard start < end, end - start <= bytesMax else { return nil }
    return value.extracting(start..<end)
  }

  private static func isNumber(_ text: Span<UInt8>) -> Bool {
    for index in text.indices where !text[index].isDecimal && text[index] != UInt8(ascii: ".") { return false }
    return true
  }

  /// Reads digits, with an optional fraction, in a unit.
  private static func decimal(_ text: Span<UInt8>, unit: Duration, most: Duration = longest) -> Duration? {
    var whole = Duration.zero
    var at = 0
    while at < text.count, text[at].isDecimal {
      whole = min(whole * 10 + unit * Int(text[at] - UInt8(ascii: "0")), most)
      at += 1
    }
    guard at > 0 else { return nil }
    guard at < text.count else { return whole }
    guard text[at] == UInt8(ascii: "."), at + 1 < text.count else { return nil }
    at += 1
    var part = unit
    while at < text.count {
      guard text[at].isDecimal else { return nil }
      part = part / 10
      whole += part * Int(text[at] - UInt8(ascii: "0"))
      at += 1
    }
    return min(whole, most)
  }

  private static func unit(_ text: Span<UInt8>) -> Duration? {
    if text.equals("s") { return .seconds(1) }
    if text.equals("ms") { return .milliseconds(1) }
    if text.equals("m") { return .seconds(60) }
    if text.equals("h") { return .seconds(3600) }
    if text.equals("d") { return .seconds(86_400) }
    if text.equals("us") || text.equals("µs") || text.equals("μs") { return .microseconds(1) }
    if text.equals("ns") { return .nanoseconds(1) }
    return nil
  }

  private static func wait(until time: Int, _ now: Int) -> Duration {
    let (seconds, overflow) = time.subtractingReportingOverflow(now)
    if overflow { return time > now ? longest : .zero }
    return min(max(.seconds(seconds), .zero), longest)
  }
}
