/// Translates requests from one dialect into another.
enum RequestTranslation {
  /// Returns the body in the dialect of the target; `json` is the caller's body, which was checked as a whole.
  static func write(
    _ json: Span<UInt8>, as endpoint: CallEndpoint, in dialect: Dialect, for target: WriteTarget
  ) throws(APIError) -> WrittenRequest {
    var conversation = try read(json, as: endpoint)
    conversation.separateCalls(json)
    var written = try dialect.row.writeRequest(conversation, json, target)
    LoneSurrogates.mend(&written.body)
    return written
  }

  /// Returns the conversation in a body that was checked as a whole.
  static func read(_ json: Span<UInt8>, as endpoint: CallEndpoint) throws(APIError) -> Conversation {
    try endpoint.dialect.row.readRequest(json, endpoint.form)
  }
}
