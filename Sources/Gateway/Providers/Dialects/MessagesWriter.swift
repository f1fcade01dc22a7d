/// Writes the messages of an OpenAI request as those of Anthropic's: the system's apart, results of tools as the user's,
/// calls of tools as blocks.
struct MessagesWriter {
  private var system: [UInt8] = []
  private var messages: [UInt8] = []
  /// Whether the last message holds results of tools, which must all be in one.
  private var takesResults = false

  /// Appends the members that the messages come to, each behind a comma.
  func append(to out: inout [UInt8]) {
    if !system.isEmpty {
      out.append(",\"system\":[")
      out.append(contentsOf: system)
      out.append("]")
    }
    out.append(",\"messages\":[")
    out.append(contentsOf: messages)
    if takesResults { out.append("]}") }
    out.append("]")
  }

  mutating func write(_ list: JSONValue, _ json: Span<UInt8>) throws(Refusal) {
    for (index, element) in JSONLists.elements(of: list, in: json).enumerated() {
      let message = JSONLists.members(of: element, in: json)
      let role = message.value("role", in: json)
      let content = message.value("content", in: json)
      if let role, role.equals("system", in: json) || role.equals("developer", in: json) {
        try writeContent(content, json, to: &system, at: index)
      } else if let role, role.equals("tool", in: json) {
        try writeResult(message, content, json, at: index)
      } else if let role, role.equals("assistant", in: json) {
        try write("assistant", message, content, json, at: index)
      } else if let role, role.equals("user", in: json) {
        try write("user", message, content, json, at: index)
      } else {
        throw Self.refusal(index, "role", "must be system, developer, user, assistant or tool")
      }
    }
  }

  private mutating func write(
    _ role: StaticString, _ message: [Member], _ content: JSONValue?, _ json: Span<UInt8>, at index: Int
  ) throws(Refusal) {
    var blocks: [UInt8] = []
    try writeContent(content, json, to: &blocks, at: index)
    for call in JSONLists.elements(of: message.value("tool_calls", in: json), in: json) {
      try writeCall(call, json, to: &blocks, at: index)
    }
    // A message that says nothing is an error there.
    if blocks.isEmpty { return }
    endResults()
    if !messages.isEmpty { messages.append(",") }
    messages.append("{\"role\":\"")
    messages.append(role)
    messages.append("\",\"content\":[")
    messages.append(contentsOf: blocks)
    messages.append("]}")
  }

  private mutating func writeResult(
    _ message: [Member], _ content: JSONValue?, _ json: Span<UInt8>, at index: Int
  ) throws(Refusal) {
    guard let id = message.value("tool_call_id", in: json), id.kind == .string else {
      throw Self.refusal(index, "tool_call_id", "is missing")
    }
    if takesResults {
      messages.append(",")
    } else {
      if !messages.isEmpty { messages.append(",") }
      messages.append("{\"role\":\"user\",\"content\":[")
      takesResults = true
    }
    messages.append("{\"type\":\"tool_result\",\"tool_use_id\":")
    messages.append(json.bytes(id.slice))
    var blocks: [UInt8] = []
    try writeContent(content, json, to: &blocks, at: index)
    messages.append(",\"content\":[")
    messages.append(contentsOf: blocks)
    messages.append("]}")
  }

  private mutating func endResults() {
    if takesResults { messages.append("]}") }
    takesResults = false
  }

  private func writeCall(
    _ call: JSONValue, _ json: Span<UInt8>, to out: inout [UInt8], at index: Int
  ) throws(Refusal) {
    let call = JSONLists.members(of: call, in: json)
    let function = JSONLists.members(of: call.value("function", in: json), in: json)
    guard let id = call.value("id", in: json), id.kind == .string,
      let name = function.value("name", in: json), name.kind == .string
    else { throw Self.refusal(index, "tool_calls", "must have an id and a function with a name") }
    var arguments: [UInt8] = []
    function.value("arguments", in: json)?.append(to: &arguments, from: json)
    if arguments.isEmpty { arguments = Array("{}".utf8) }
    guard Self.isObject(arguments.span) else {
      throw Self.refusal(index, "tool_calls", "must have arguments that are a JSON object in a string")
    }
    Writer.separate(&out)
    out.append("{\"type\":\"tool_use\",\"id\":")
    out.append(json.bytes(id.slice))
    out.append(",\"name\":")
    out.append(json.bytes(name.slice))
    out.append(",\"input\":")
    out.append(contentsOf: arguments)
    out.append("}")
  }

  private static func isObject(_ json: Span<UInt8>) -> Bool {
    do throws(JSONFault) {
      var members = try MemberCursor(whole: json)
      while try members.next(in: json) != nil {}
      return true
    } catch {
      return false
    }
  }

  // MARK: Content

  /// Writes a text, or parts, as blocks; empty texts are left out, as an empty block is an error there.
  private func writeContent(
    _ content: JSONValue?, _ json: Span<UInt8>, to out: inout [UInt8], at index: Int
  ) throws(Refusal) {
    guard let content else { return }
    if content.kind == .string { return writeText(content, json, to: &out) }
    for element in JSONLists.elements(of: content, in: json) {
      let part = JSONLists.members(of: element, in: json)
      let type = part.value("type", in: json)
      if let text = part.value("text", in: json), text.kind == .string {
        writeText(text, json, to: &out)
      } else if let type, type.equals("image_url", in: json) {
        try writeImage(part.value("image_url", in: json), json, to: &out, at: index)
      } else {
        throw Self.refusal(index, "content", "may have parts of text and images for this model's provider")
      }
    }
  }

  private func writeText(_ text: JSONValue, _ json: Span<UInt8>, to out: inout [UInt8]) {
    if text.slice.count <= 2 { return }
    Writer.separate(&out)
    out.append("{\"type\":\"text\",\"text\":")
    out.append(json.bytes(text.slice))
    out.append("}")
  }

  private func writeImage(
    _ image: JSONValue?, _ json: Span<UInt8>, to out: inout [UInt8], at index: Int
  ) throws(Refusal) {
    var url: [UInt8] = []
    JSONLists.members(of: image, in: json).value("url", in: json)?.append(to: &url, from: json)
    Writer.separate(&out)
    out.append("{\"type\":\"image\",\"source\":{\"type\":")
    if url.span.hasPrefix("https://", at: 0, before: url.count)
      || url.span.hasPrefix("http://", at: 0, before: url.count)
    {
      out.append("\"url\",\"url\":")
      Writer.append(string: url.span, to: &out)
    } else if url.span.hasPrefix("data:", at: 0, before: url.count),
      let comma = url.firstIndex(of: UInt8(ascii: ","))
    {
      let media = url[5..<comma]
      let ending = Array(";base64".utf8)
      guard media.count > ending.count, media.suffix(ending.count).elementsEqual(ending) else {
        throw Self.refusal(index, "content", "has an image whose data are not base64")
      }
      out.append("\"base64\",\"media_type\":")
      Writer.append(string: url.span.extracting(5..<comma - ending.count), to: &out)
      out.append(",\"data\":")
      Writer.append(string: url.span.extracting((comma + 1)...), to: &out)
    } else {
      throw Self.refusal(index, "content", "has an image that is neither a URL nor base64 data")
    }
    out.append("}}")
  }

  private static func refusal(_ index: Int, _ field: String, _ rule: String) -> Refusal {
    let place = "messages[\(index)].\(field)"
    return Refusal(400, .invalidValue, "`\(place)` \(rule).", param: place)
  }
}
