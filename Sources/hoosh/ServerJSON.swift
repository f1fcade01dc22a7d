import Gateway

/// Reads the gateway's JSON responses.
enum ServerJSON {
  /// Returns the `content` of the first choice's `message` or `delta`.
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

  /// Returns the message of an error object.
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

  /// Returns the `id` of each element of `data`.
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

  /// Returns the members of each element of the list `name`, as text. Without a name, the whole text is the list.
  static func elements(of name: StaticString? = nil, in json: Span<UInt8>) -> [[String: String]] {
    guard let name else { return (try? elements(in: json, at: 0)) ?? [] }
    var found: [[String: String]] = []
    try? each(in: json, at: nil) { list in
      guard list.keyEquals(name, in: json), list.value.kind == .array else { return }
      found = try elements(in: json, at: Int(list.value.slice.start))
    }
    return found
  }

  private static func elements(in json: Span<UInt8>, at offset: Int) throws -> [[String: String]] {
    var found: [[String: String]] = []
    var elements = try ArrayCursor(in: json, at: offset, depth: 2)
    while let element = try elements.next(in: json) {
      guard element.kind == .object else { continue }
      var fields: [String: String] = [:]
      try each(in: json, at: element) { field in
        fields[text(json, field.key)] = field.value.string(in: json) ?? text(json, field.value.slice)
      }
      found.append(fields)
    }
    return found
  }

  /// Returns every number, string, and Boolean of nested objects, named by the keys that lead to it.
  static func leaves(of json: Span<UInt8>) -> [(name: String, value: String)] {
    var found: [(name: String, value: String)] = []
    try? collect(json, nil, "", &found)
    return found
  }

  private static func collect(
    _ json: Span<UInt8>, _ object: JSONValue?, _ prefix: String, _ found: inout [(name: String, value: String)]
  ) throws {
    try each(in: json, at: object) { member in
      let name = prefix + text(json, member.key)
      if member.value.kind == .object {
        try collect(json, member.value, name + " ", &found)
      } else {
        found.append((name, member.value.string(in: json) ?? text(json, member.value.slice)))
      }
    }
  }

  private static func text(_ json: Span<UInt8>, _ slice: Slice) -> String {
    var bytes: [UInt8] = []
    for index in slice.range { bytes.append(json[index]) }
    return String(decoding: bytes, as: UTF8.self)
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
