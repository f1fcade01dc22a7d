/// Writes what is left of a caller's limits as response fields, so that SDKs and agents can slow down in time.
enum RateLimitFields {
  /// Appends the fields that OpenAI sends, which clients of other APIs without such fields understand as well.
  ///
  /// Source: OpenAI's guide "Rate limits", headers; times are durations such as `61s`.
  static func appendDurations(_ limits: RateLimits, to out: inout [UInt8]) {
    var text = FieldText()
    if let limit = limits.requests {
      text.append("\r\nx-ratelimit-limit-requests: ", limit.limit)
      text.append("\r\nx-ratelimit-remaining-requests: ", limit.remaining)
      text.append("\r\nx-ratelimit-reset-requests: ", limit.resetSeconds)
      text.append("s")
    }
    if let limit = limits.tokens {
      text.append("\r\nx-ratelimit-limit-tokens: ", limit.limit)
      text.append("\r\nx-ratelimit-remaining-tokens: ", limit.remaining)
      text.append("\r\nx-ratelimit-reset-tokens: ", limit.resetSeconds)
      text.append("s")
    }
    out.append(text.span)
  }

  /// Appends the fields that Anthropic sends. Source: Anthropic API reference, "Rate limits"; times are dates of RFC 3339.
  static func appendDates(_ limits: RateLimits, to out: inout [UInt8]) {
    if let limit = limits.requests {
      append("\r\nanthropic-ratelimit-requests-limit: ", limit.limit, to: &out)
      append("\r\nanthropic-ratelimit-requests-remaining: ", limit.remaining, to: &out)
      append("\r\nanthropic-ratelimit-requests-reset: ", date: limit.resetSeconds, after: limits.now, to: &out)
    }
    if let limit = limits.tokens {
      append("\r\nanthropic-ratelimit-tokens-limit: ", limit.limit, to: &out)
      append("\r\nanthropic-ratelimit-tokens-remaining: ", limit.remaining, to: &out)
      append("\r\nanthropic-ratelimit-tokens-reset: ", date: limit.resetSeconds, after: limits.now, to: &out)
    }
  }

  private static func append(_ name: StaticString, _ value: UInt64, to out: inout [UInt8]) {
    out.append(name)
    out.append(decimal: Int(clamping: value))
  }

  private static func append(
    _ name: StaticString, date seconds: UInt64, after now: UInt64, to out: inout [UInt8]
  ) {
    var time = now
    time.add(seconds)
    out.append(name)
    CivilDate.append(secondsSince1970: time, to: &out)
    out.append(UInt8(ascii: "Z"))
  }
}

/// The text of the fields, which is short, made without an allocation: a response has two limits at most.
private struct FieldText {
  private var bytes = InlineArray<384, UInt8>(repeating: 0)
  private var count = 0

  mutating func append(_ text: StaticString) { append(text.bytes) }

  mutating func append(_ name: StaticString, _ value: UInt64) {
    append(name.bytes)
    append(DecimalDigits(value).span)
  }

  private mutating func append(_ text: Span<UInt8>) {
    for index in text.indices where count < bytes.count {
      bytes[count] = text[index]
      count &+= 1
    }
  }

  var span: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(..<count) }
  }
}
