/// What the journal says of one finished request. No prompt, no answer, no secret.
struct JournalRow {
  /// How a request ended.
  enum Outcome: String, Sendable {
    case completed
    /// The gateway said no.
    case refused
    /// No upstream could answer.
    case failed
    /// The upstream's stream broke after visible output.
    case truncated = "upstream_truncated"
    /// The caller left.
    case abandoned = "client_gone"
    /// The gateway is stopping.
    case stopped
  }

  var id = ""
  var caller = Caller.anonymous
  var path = ""
  var model = ""
  var provider = ""
  /// Failed attempts before the one that counts, as `provider:reason`.
  var attempts: [String] = []
  var status = 0
  var streams = false
  var bytesIn = 0
  var bytesOut = 0
  /// From the complete head to the first attempt.
  var queued = Duration.zero
  /// From the complete head to the first byte of the answer.
  var firstByte: Duration?
  var total = Duration.zero
  var outcome = Outcome.completed
  var usage: Usage?

  /// Appends the row as one line of JSON.
  func writeJSON(wallClock nanoseconds: UInt64, into out: inout [UInt8]) {
    out.append("{\"time\":\"")
    Self.time(nanoseconds, into: &out)
    out.append("\"")
    for (key, value) in [
      ("id", id), ("caller", caller.name), ("path", path), ("model", model), ("provider", provider),
      ("outcome", outcome.rawValue),
    ] {
      Self.key(key, into: &out)
      Writer.append(value, to: &out)
    }
    if !attempts.isEmpty {
      Self.key("failed_attempts", into: &out)
      Writer.append(attempts.joined(separator: " "), to: &out)
    }
    Self.key("stream", into: &out)
    out.append(streams ? "true" : "false")
    for (key, value) in [
      ("status", status), ("bytes_in", bytesIn), ("bytes_out", bytesOut), ("queue_us", Self.microseconds(queued)),
      ("total_us", Self.microseconds(total)),
    ] {
      Self.key(key, into: &out)
      out.append(decimal: value)
    }
    if let firstByte {
      Self.key("first_byte_us", into: &out)
      out.append(decimal: Self.microseconds(firstByte))
    }
    if let usage {
      for (key, value) in [("prompt_tokens", usage.prompt), ("completion_tokens", usage.completion)] {
        Self.key(key, into: &out)
        out.append(decimal: value)
      }
      Self.key("usage_source", into: &out)
      Writer.append(usage.source.rawValue, to: &out)
    }
    out.append("}\n")
  }

  /// Appends the row as one line for people.
  func writeText(wallClock nanoseconds: UInt64, into out: inout [UInt8]) {
    Self.time(nanoseconds, into: &out)
    out.append(" ")
    out.append(decimal: status)
    out.append(" ")
    out.append(outcome.rawValue)
    out.append(" ")
    Self.plain(path, into: &out)
    if !model.isEmpty {
      out.append(" model=")
      Self.plain(model, into: &out)
    }
    if !provider.isEmpty {
      out.append(" provider=")
      Self.plain(provider, into: &out)
    }
    if !attempts.isEmpty {
      out.append(" failed=")
      Self.plain(attempts.joined(separator: ","), into: &out)
    }
    if streams { out.append(" stream") }
    out.append(" in=")
    out.append(decimal: bytesIn)
    out.append(" out=")
    out.append(decimal: bytesOut)
    if let firstByte {
      out.append(" first=")
      Self.milliseconds(firstByte, into: &out)
    }
    out.append(" total=")
    Self.milliseconds(total, into: &out)
    if let usage {
      out.append(" tokens=")
      out.append(decimal: usage.prompt)
      out.append("+")
      out.append(decimal: usage.completion)
      if usage.source == .estimated { out.append("~") }
    }
    out.append(" caller=")
    out.append(caller.name)
    out.append(" id=")
    Self.plain(id, into: &out)
    out.append("\n")
  }

  private static func key(_ key: String, into out: inout [UInt8]) {
    out.append(",\"")
    out.append(key)
    out.append("\":")
  }

  /// Text in a line for people: what is not plain ASCII, or a space, is written as `?`.
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

  /// RFC 3339 in UTC with milliseconds.
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
