/// Writes a request's record as one line of the access log.
struct AccessLogEntry {
  let record: RequestRecord

  init(_ record: RequestRecord) { self.record = record }

  /// Appends the entry as one line of JSON.
  func writeJSON(wallClock nanoseconds: UInt64, into out: inout [UInt8]) {
    out.append("{\"time\":\"")
    Self.time(nanoseconds, into: &out)
    out.append("\"")
    for (key, value) in [
      ("id", record.id), ("caller", record.caller.name), ("path", record.path), ("model", record.model),
      ("provider", record.provider), ("outcome", record.outcome.rawValue),
    ] {
      Self.key(key, into: &out)
      Writer.append(value, to: &out)
    }
    if let error = record.error {
      Self.key("error", into: &out)
      Writer.append(error.rawValue, to: &out)
    }
    if !record.failedAttempts.isEmpty {
      Self.key("failed_attempts", into: &out)
      Writer.append(record.failedAttempts.map(\.text).joined(separator: " "), to: &out)
    }
    if let cache = record.cache {
      Self.key("cache", into: &out)
      out.append("\"")
      out.append(cache.word)
      out.append("\"")
    }
    Self.key("stream", into: &out)
    out.append(record.streams ? "true" : "false")
    for (key, value) in [
      ("status", record.status), ("bytes_in", record.bytesIn), ("bytes_out", record.bytesOut),
      ("first_attempt_us", Self.microseconds(record.firstAttempt)), ("total_us", Self.microseconds(record.total)),
    ] {
      Self.key(key, into: &out)
      out.append(decimal: value)
    }
    if let firstByte = record.firstByte {
      Self.key("first_byte_us", into: &out)
      out.append(decimal: Self.microseconds(firstByte))
    }
    if let usage = record.usage {
      for (key, value) in [("prompt_tokens", usage.prompt), ("completion_tokens", usage.completion)] {
        Self.key(key, into: &out)
        out.append(decimal: value)
      }
      Self.key("usage_source", into: &out)
      Writer.append(usage.source.rawValue, to: &out)
      // A price that is unknown is not 0.
      Self.key("cost_micro_usd", into: &out)
      if let cost = record.cost { out.append(decimal: Int(clamping: cost.value)) } else { out.append("null") }
    }
    out.append("}\n")
  }

  /// Appends the entry as one line for people.
  func writeText(wallClock nanoseconds: UInt64, into out: inout [UInt8]) {
    Self.time(nanoseconds, into: &out)
    out.append(" ")
    out.append(decimal: record.status)
    out.append(" ")
    out.append(record.outcome.rawValue)
    out.append(" ")
    Self.plain(record.path, into: &out)
    if let error = record.error {
      out.append(" error=")
      out.append(error.rawValue)
    }
    if !record.model.isEmpty {
      out.append(" model=")
      Self.plain(record.model, into: &out)
    }
    if !record.provider.isEmpty {
      out.append(" provider=")
      Self.plain(record.provider, into: &out)
    }
    if !record.failedAttempts.isEmpty {
      out.append(" failed=")
      Self.plain(record.failedAttempts.map(\.text).joined(separator: ","), into: &out)
    }
    if record.streams { out.append(" stream") }
    if let cache = record.cache {
      out.append(" cache=")
      out.append(cache.word)
    }
    out.append(" in=")
    out.append(decimal: record.bytesIn)
    out.append(" out=")
    out.append(decimal: record.bytesOut)
    if let firstByte = record.firstByte {
      out.append(" first=")
      Self.milliseconds(firstByte, into: &out)
    }
    out.append(" total=")
    Self.milliseconds(record.total, into: &out)
    if let usage = record.usage {
      out.append(" tokens=")
      out.append(decimal: usage.prompt)
      out.append("+")
      out.append(decimal: usage.completion)
      if usage.source == .estimated { out.append("~") }
      if let cost = record.cost, cost > .zero {
        out.append(" cost=$")
        cost.appendUSD(to: &out)
      }
    }
    out.append(" caller=")
    out.append(record.caller.name)
    out.append(" id=")
    Self.plain(record.id, into: &out)
    out.append("\n")
  }

  private static func key(_ key: String, into out: inout [UInt8]) {
    out.append(",\"")
    out.append(key)
    out.append("\":")
  }

  /// Appends a text to a line for people: a byte that is not visible ASCII is written as `?`.
  private static func plain(_ text: String, into out: inout [UInt8]) {
    for byte in text.utf8 { out.append(byte > 0x20 && byte < 0x7f ? byte : UInt8(ascii: "?")) }
  }

  private static func microseconds(_ time: Duration) -> Int {
    let (seconds, attoseconds) = time.components
    return Int(clamping: seconds) &* 1_000_000 &+ Int(attoseconds / 1_000_000_000_000)
  }

  private static func milliseconds(_ time: Duration, into out: inout [UInt8]) {
    let tenths = microseconds(time) / 100
    out.append(decimal: tenths / 10)
    out.append(".")
    out.append(decimal: tenths % 10)
    out.append("ms")
  }

  /// Appends a point in time as RFC 3339 writes it, in UTC with milliseconds.
  static func time(_ nanoseconds: UInt64, into out: inout [UInt8]) {
    CivilDate.append(secondsSince1970: nanoseconds / 1_000_000_000, to: &out)
    out.append(".")
    let milliseconds = Int(nanoseconds / 1_000_000 % 1000)
    if milliseconds < 100 { out.append("0") }
    if milliseconds < 10 { out.append("0") }
    out.append(decimal: milliseconds)
    out.append("Z")
  }
}
