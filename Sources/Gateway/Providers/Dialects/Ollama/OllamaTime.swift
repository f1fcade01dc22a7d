/// Times as Ollama writes them: RFC 3339 in UTC.
enum OllamaTime {
  /// The last second of the year 9999, behind which the notation has no years.
  private static let secondsMax: UInt64 = 253_402_300_799

  /// Appends a time in seconds since 1970, in quotes.
  static func append(_ seconds: UInt64, to out: inout [UInt8]) {
    let seconds = Int(min(seconds, secondsMax))
    let (year, month, day) = CivilDate.of(days: seconds / 86_400)
    out.append("\"")
    out.append(decimal: year)
    two("-", month, &out)
    two("-", day, &out)
    two("T", seconds / 3600 % 24, &out)
    two(":", seconds / 60 % 60, &out)
    two(":", seconds % 60, &out)
    out.append("Z\"")
  }

  private static func two(_ separator: StaticString, _ number: Int, _ out: inout [UInt8]) {
    out.append(separator)
    if number < 10 { out.append("0") }
    out.append(decimal: number)
  }
}
