import Gateway

/// Reads what the commands need of the gateway's JSON.
enum ServerMessage {
  /// The `content` of the first choice's `message` or `delta`.
  static func content(in json: Span<UInt8>, of member: StaticString) -> String? {
    var text: String?
    try? each(in: json, at: nil) { choices in
      guard choices.keyEquals("choices", in: json), choices.value.kind == .array, choices.value.elements > 0 else {
        return
      }
      var elements = try ArrayCursor(in: json, at: Int(choices.value.slice.start), depth: 2)
      guard let first = try elements.next(in: json), first.kind == .object else { return }
      try each(in: json, at: first) { message in
        guard message.keyEquals(member, in: json), message.value.kind == .object else { return }
        try each(in: json, at: message.value) { field in
          if field.keyEquals("content", in: json) { text = field.value.string(in: json) }
        }
      }
    }
    return text
  }

  /// The message of an error object.
  static func error(in json: Span<UInt8>) -> String? {
    var text: String?
    try? each(in: json, at: nil) { error in
      guard error.keyEquals("error", in: json), error.value.kind == .object else { return }
      try each(in: json, at: error.value) { field in
        if field.keyEquals("message", in: json) { text = field.value.string(in: json) }
      }
    }
    return text
  }

  /// The `id` of each element of `data`.
  static func ids(in json: Span<UInt8>) -> [String] {
    var ids: [String] = []
    try? each(in: json, at: nil) { data in
      guard data.keyEquals("data", in: json), data.value.kind == .array else { return }
      var elements = try ArrayCursor(in: json, at: Int(data.value.slice.start), depth: 2)
      while let element = try elements.next(in: json) {
        guard element.kind == .object else { continue }
        try each(in: json, at: element) { field in
          if field.keyEquals("id", in: json), let id = field.value.string(in: json) { ids.append(id) }
        }
      }
    }
    return ids
  }

  private static func each(
    in json: Span<UInt8>, at object: JSONValue?, _ body: (Member) throws -> Void
  ) throws {
    var cursor: MemberCursor
    if let object {
      cursor = try MemberCursor(in: json, at: Int(object.slice.start), depth: 2)
    } else {
      cursor = try MemberCursor(whole: json)
    }
    while let member = try cursor.next(in: json) { try body(member) }
  }
}
