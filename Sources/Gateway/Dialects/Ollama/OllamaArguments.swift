/// Converts arguments of tool calls, which are objects in this dialect and strings in others.
enum OllamaArguments {
  /// Returns the object inside an escaped string, on one line. An empty string gives an empty object; other text
  /// without an object gives `nil`.
  static func object(in escaped: [UInt8]) -> [UInt8]? {
    if escaped.isEmpty { return Array("{}".utf8) }
    let nothing: [UInt8] = []
    var object = EscapedText.owned(escaped).unescaped(in: nothing.span)
    guard JSONLists.isObject(object.span) else { return nil }
    // A line end would end the NDJSON line; in JSON it is white space like a space.
    for index in object.indices where object[index] == 0x0a || object[index] == 0x0d { object[index] = 0x20 }
    return object
  }
}
