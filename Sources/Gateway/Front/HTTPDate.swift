/// The value of the `Date` field, formatted once per second (RFC 9110, section 5.6.7, IMF-fixdate).
struct HTTPDate {
  private var second: UInt64 = .max
  /// The formatted date, as in `Sun, 06 Nov 1994 08:49:37 GMT`.
  private(set) var text: [UInt8] = []

  /// Updates the text to the time that is `nanoseconds` after 1970.
  mutating func update(_ nanoseconds: UInt64) {
    let now = nanoseconds / 1_000_000_000
    if now == second { return }
    second = now
    let (year, month, day) = CivilDate.of(days: Int(now / 86_400))
    let time = Int(now % 86_400)
    text.removeAll(keepingCapacity: true)
    text.append(Self.days[Int(now / 86_400 + 4) % 7])
    text.append(", ")
    two(day)
    text.append(UInt8(ascii: " "))
    text.append(Self.months[month - 1])
    text.append(UInt8(ascii: " "))
    text.append(decimal: year)
    text.append(UInt8(ascii: " "))
    two(time / 3600)
    text.append(UInt8(ascii: ":"))
    two(time / 60 % 60)
    text.append(UInt8(ascii: ":"))
    two(time % 60)
    text.append(" GMT")
  }

  private mutating func two(_ number: Int) {
    if number < 10 { text.append(UInt8(ascii: "0")) }
    text.append(decimal: number)
  }

  private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
