extension Conversation.ToolCall {
  /// Returns arguments that are not JSON as an object with their text.
  ///
  /// A model wrote them, perhaps only half, and the caller has told it that they are invalid. An error here would make the
  /// conversation unusable.
  static func wrapped(_ arguments: JSONValue, _ json: Span<UInt8>) -> [UInt8] {
    var wrapped: [UInt8] = []
    wrapped.append("{\"arguments\":")
    wrapped.append(json.bytes(arguments.slice))
    wrapped.append("}")
    return wrapped
  }
}
