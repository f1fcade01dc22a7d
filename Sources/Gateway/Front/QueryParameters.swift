/// The parameters of a query, as in `alt=sse&key=…`.
enum QueryParameters {
  /// Returns the value of the first parameter with a name, as it is written; `nil` if there is none.
  static func value(of name: StaticString, in query: Span<UInt8>) -> Range<Int>? {
    let count = name.utf8CodeUnitCount
    var start = 0
    while start < query.count {
      var end = start
      while end < query.count, query[end] != UInt8(ascii: "&") { end += 1 }
      if query.hasPrefix(name, at: start, before: end), start + count < end,
        query[start + count] == UInt8(ascii: "=")
      {
        return start + count + 1..<end
      }
      start = end + 1
    }
    return nil
  }
}
