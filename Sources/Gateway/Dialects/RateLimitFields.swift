/// Writes what is left of a caller's limits as response fields, so that SDKs and agents can slow down in time.
enum RateLimitFields {
  /// Appends the fields that OpenAI sends, which clients of other APIs without such fields understand as well.
  ///
  /// Source: OpenAI's guide "Rate limits", headers; times are durations such as `61s`.
  static func appendDurations(_ limits: RateLimits, to out: inout [UInt8]) {
    for (unit, limit) in limits.all {
      append("x-ratelimit-limit-", unit, "", limit.limit, to: &out)
      append("x-ratelimit-remaining-", unit, "", limit.remaining, to: &out)
      append("x-ratelimit-reset-", unit, "", UInt64(clamping: limit.resetSeconds), to: &out)
      out.append("s")
    }
  }

  /// Appends the fields that Anthropic sends. Source: Anthropic API reference, "Rate limits"; times are dates of RFC 3339.
  static func appendDates(_ limits: RateLimits, to out: inout [UInt8]) {
    for (unit, limit) in limits.all {
      append("anthropic-ratelimit-", unit, "-limit", limit.limit, to: &out)
      append("anthropic-ratelimit-", unit, "-remaining", limit.remaining, to: &out)
      out.append("\r\nanthropic-ratelimit-")
      out.append(unit)
      out.append("-reset: ")
      var reset = limits.now
      reset.add(UInt64(clamping: limit.resetSeconds))
      CivilDate.append(secondsSince1970: reset, to: &out)
      out.append("Z")
    }
  }

  private static func append(
    _ prefix: StaticString, _ unit: StaticString, _ suffix: StaticString, _ value: UInt64, to out: inout [UInt8]
  ) {
    out.append("\r\n")
    out.append(prefix)
    out.append(unit)
    out.append(suffix)
    out.append(": ")
    out.append(decimal: Int(clamping: value))
  }
}
