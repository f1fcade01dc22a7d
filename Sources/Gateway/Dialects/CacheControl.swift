/// `cache_control`, by which callers say up to where a prompt is cached.
enum CacheControl {
  /// Adds the member to the object at the end of a list. Without one it means nothing.
  static func append(_ value: RawJSON, _ json: Span<UInt8>, to out: inout [UInt8]) {
    guard out.last == UInt8(ascii: "}") else { return }
    out.removeLast()
    Writer.key("cache_control", to: &out)
    value.append(to: &out, from: json)
    out.append("}")
  }
}
