/// The directives of a request's `cache-control` field. Source: RFC 9111, section 5.2.1.
struct CacheDirectives: Equatable, Sendable {
  /// Neither a kept answer nor that of another request is wanted, and this one is not kept.
  var noStore = false
  /// A kept answer is not wanted; the new one is kept in its place.
  var noCache = false
  /// Only a kept answer is wanted.
  var onlyIfCached = false
  /// The highest age of a wanted answer in seconds. It asks for an answer to be kept that is not kept otherwise.
  var maxAge: Int64?

  init() {}

  /// Reads the value of the field. Unknown directives have no effect; an age that is no number is 0.
  init(_ value: Span<UInt8>) {
    var start = 0
    while start <= value.count {
      let comma = Search.firstIndex(of: UInt8(ascii: ","), in: value, from: start) ?? value.count
      take(value.extracting(start..<comma).trimmed)
      start = comma + 1
    }
  }

  private mutating func take(_ directive: Span<UInt8>) {
    if directive.matches("no-store") { noStore = true }
    if directive.matches("no-cache") { noCache = true }
    if directive.matches("only-if-cached") { onlyIfCached = true }
    let name = "max-age=".utf8.count
    if directive.count >= name, directive.extracting(0..<name).matches("max-age=") {
      maxAge = Self.seconds(directive.extracting(name..<directive.count))
    }
  }

  /// A number of seconds; one that is too large is the largest.
  private static func seconds(_ text: Span<UInt8>) -> Int64 {
    var seconds: Int64 = 0
    for index in text.indices {
      guard text[index] >= UInt8(ascii: "0"), text[index] <= UInt8(ascii: "9") else { return 0 }
      let (tens, overflow) = seconds.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int64(clamping: text[index] & 15))
      if overflow || carry { return .max }
      seconds = sum
    }
    return seconds
  }
}
