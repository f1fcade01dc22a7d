// Dates and times in header fields and bodies.

extension RetryAfter {
  /// Reads an HTTP date in one of its three forms (RFC 9110 section 5.6.7): IMF-fixdate, RFC 850, and C's `asctime`.
  /// Returns seconds since 1970.
  static func date(_ text: Span<UInt8>) -> Int? {
    guard text.count <= bytesMax else { return nil }
    var words = Words(text)
    guard let weekday = words.next(), text[weekday.lowerBound].isLetter else { return nil }
    guard let second = words.next() else { return nil }
    // `Sun Nov  6 08:49:37 1994`
    if let month = month(text, second) {
      guard let day = number(text, words.next()), let time = time(text, words.next()),
        let year = number(text, words.next()), words.next() == nil
      else { return nil }
      return seconds(year: year, month: month, day: day, time)
    }
    // `Sunday, 06-Nov-94 08:49:37 GMT`
    if second.count == 9, text[second.lowerBound + 2] == UInt8(ascii: "-") {
      let start = second.lowerBound
      guard let day = number(text, start..<start + 2), let month = month(text, start + 3..<start + 6),
        let year = number(text, start + 7..<start + 9), let time = time(text, words.next())
      else { return nil }
      // A two-digit year is read as the nearest one, which is right until 2070.
      return seconds(year: year + (year < 70 ? 2000 : 1900), month: month, day: day, time)
    }
    // `Sun, 06 Nov 1994 08:49:37 GMT`
    guard let day = number(text, second), let month = month(text, words.next()),
      let year = number(text, words.next()), let time = time(text, words.next())
    else { return nil }
    return seconds(year: year, month: month, day: day, time)
  }

  /// Reads an RFC 3339 timestamp such as `2026-01-31T23:59:60.5+01:00`. Returns seconds since 1970; a fraction counts
  /// as a full second, so that a retry is not too early.
  static func timestamp(_ text: Span<UInt8>) -> Int? {
    guard text.count >= 20, text.count <= bytesMax else { return nil }
    guard text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"), text[10] | 0x20 == UInt8(ascii: "t") else {
      return nil
    }
    guard let year = number(text, 0..<4), let month = number(text, 5..<7), let day = number(text, 8..<10),
      let time = time(text, 11..<19), var seconds = seconds(year: year, month: month, day: day, time)
    else { return nil }
    var at = 19
    if text[at] == UInt8(ascii: ".") {
      at += 1
      let start = at
      while at < text.count, text[at].isDecimal { at += 1 }
      if at == start { return nil }
      seconds += 1
    }
    guard at < text.count else { return nil }
    if text[at] | 0x20 == UInt8(ascii: "z") { return at + 1 == text.count ? seconds : nil }
    let sign = text[at] == UInt8(ascii: "+") ? 1 : text[at] == UInt8(ascii: "-") ? -1 : 0
    guard sign != 0, at + 6 == text.count, text[at + 3] == UInt8(ascii: ":"),
      let hours = number(text, at + 1..<at + 3), let minutes = number(text, at + 4..<at + 6), hours < 24,
      minutes < 60
    else { return nil }
    return seconds - sign * (hours * 3600 + minutes * 60)
  }

  /// Splits a text at spaces and commas.
  private struct Words: ~Escapable {
    private let text: Span<UInt8>
    private var at = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { self.text = text }

    mutating func next() -> Range<Int>? {
      while at < text.count, text[at] == 0x20 || text[at] == UInt8(ascii: ",") { at += 1 }
      let start = at
      while at < text.count, text[at] != 0x20, text[at] != UInt8(ascii: ",") { at += 1 }
      return start < at ? start..<at : nil
    }
  }

  /// Reads one to four digits.
  private static func number(_ text: Span<UInt8>, _ range: Range<Int>?) -> Int? {
    guard let range, (1...4).contains(range.count) else { return nil }
    var number = 0
    for index in range {
      guard text[index].isDecimal else { return nil }
      number = number * 10 + Int(text[index] - UInt8(ascii: "0"))
    }
    return number
  }

  private static func month(_ text: Span<UInt8>, _ range: Range<Int>?) -> Int? {
    guard let range, range.count == 3 else { return nil }
    for (index, name) in months.enumerated()
    where text.hasPrefix(name, at: range.lowerBound, before: range.upperBound) {
      return index + 1
    }
    return nil
  }

  private static let months: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Reads a time such as `08:49:37` as seconds of the day; allows a leap second.
  private static func time(_ text: Span<UInt8>, _ range: Range<Int>?) -> Int? {
    guard let range, range.count == 8 else { return nil }
    let start = range.lowerBound
    guard text[start + 2] == UInt8(ascii: ":"), text[start + 5] == UInt8(ascii: ":"),
      let hours = number(text, start..<start + 2), let minutes = number(text, start + 3..<start + 5),
      let seconds = number(text, start + 6..<start + 8), hours < 24, minutes < 60, seconds <= 60
    else { return nil }
    return hours * 3600 + minutes * 60 + seconds
  }

  private static func seconds(year: Int, month: Int, day: Int, _ time: Int) -> Int? {
    guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    // A year starts in March here, so that a leap day is its last day.
    let shifted = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    return days * 86_400 + time
  }
}

extension UInt8 {
  /// Whether the byte is a decimal digit.
  var isDecimal: Bool { self &- UInt8(ascii: "0") < 10 }

  /// Whether the byte is an ASCII letter.
  fileprivate var isLetter: Bool { lowercased >= 0x61 && lowercased <= 0x7a }
}
