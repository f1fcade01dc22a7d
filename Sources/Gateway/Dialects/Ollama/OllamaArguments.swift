/// Arguments of calls, which are objects here and texts with an object in them elsewhere.
enum OllamaArguments {
  /// The object in what stands between the quotes of a string, on one line; nothing stands for an empty one, and `nil`
  /// for what is no object.
  static func object(in escaped: [UInt8]) -> [UInt8]? {
    if escaped.isEmpty { return Array("{}".utf8) }
    let nothing: [UInt8] = []
    var object = EscapedText.owned(escaped).unescaped(in: nothing.span)
    guard JSONLists.isObject(object.span) else { return nil }
    // Line ends in JSON are whitespace, and would end a line of NDJSON.
    for index in object.indices where object[index] == 0x0a || object[index] == 0x0d { object[index] = 0x20 }
    return object
  }
}
