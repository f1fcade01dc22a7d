/// Translates requests from one dialect into another.
enum RequestTranslation {
  /// Returns the body in the dialect of the target; `json` is the caller's body, which was checked as a whole.
  static func write(
    _ json: Span<UInt8>, as endpoint: CallEndpoint, in dialect: Dialect, for target: WriteTarget
  ) throws(APIError) -> WrittenRequest {
    var conversation = try read(json, as: endpoint)
    conversation.separateCalls(json)
    conversation.orderResults(json)
    let toolNames = try conversation.apply(target, json)
    var written = try dialect.row.writeRequest(conversation, json, target)
    written.toolNames = toolNames
    LoneSurrogates.mend(&written.body)
    return written
  }

  /// The most objects in a request that is translated: messages, parts, calls, and what schemas consist of.
  static let objectsMax = 100_000

  /// Returns the conversation in a body that was checked as a whole.
  static func read(_ json: Span<UInt8>, as endpoint: CallEndpoint) throws(APIError) -> Conversation {
    try checkObjects(json)
    return try endpoint.dialect.row.readRequest(json, endpoint.form)
  }

  /// Rejects a large request with more objects than `objectsMax`, because a conversation of them takes many times its memory.
  private static func checkObjects(_ json: Span<UInt8>) throws(APIError) {
    guard json.count > Call.inlineBytesMax else { return }
    var objects = 0
    var isText = false
    var index = 0
    while index < json.count {
      switch json[index] {
      case UInt8(ascii: "\""): isText.toggle()
      case UInt8(ascii: "\\") where isText: index += 1
      case UInt8(ascii: "{") where !isText: objects += 1
      default: break
      }
      index += 1
    }
    if objects > objectsMax {
      throw APIError(
        400, .invalidValue,
        "The request has more than \(objectsMax) objects, which is too much for a provider of another dialect. Join its parts."
      )
    }
  }
}
