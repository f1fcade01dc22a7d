/// An OpenAI chat completion request, written as Anthropic's Messages takes it.
///
/// Source: Anthropic API reference, "Create a Message". What has no place there is dropped, and named.
struct MessagesRequest {
  /// Tokens that are asked for when the caller does not say: the field must be there.
  static let maxTokensUsual = 4096
  /// Names of dropped fields that are told, and bytes of the longest.
  private static let droppedMax = 16
  private static let droppedBytesMax = 64

  private(set) var body: [UInt8] = []
  /// Fields of the caller's that the model does not get, in their order.
  private(set) var dropped: [String] = []

  /// `json` is a request that `ChatRequest` has checked.
  init(_ json: Span<UInt8>, model: String, maxTokensLimit: Int?, streams: Bool) throws(Refusal) {
    let root = JSONValue(.object, start: Scanner.skip(in: json, from: 0), end: json.count)
    var maxTokens: Int64?
    var isParallel = true
    var toolChoice: JSONValue?
    var tools: JSONValue?
    var messages = MessagesWriter()
    var rest: [UInt8] = [UInt8(ascii: "{")]
    for member in JSONLists.members(of: root, in: json) where member.value.kind != .null {
      let value = member.value
      if member.keyEquals("messages", in: json) {
        try messages.write(value, json)
      } else if member.keyEquals("max_tokens", in: json) || member.keyEquals("max_completion_tokens", in: json) {
        maxTokens = value.integer(in: json) ?? maxTokens
      } else if member.keyEquals("temperature", in: json) {
        // Its range ends at 1.
        Writer.key("temperature", to: &rest)
        Writer.append(min(value.double(in: json) ?? 1, 1), to: &rest)
      } else if member.keyEquals("top_p", in: json) {
        Writer.member("top_p", raw: json.bytes(value.slice), to: &rest)
      } else if member.keyEquals("stop", in: json) {
        Writer.key("stop_sequences", to: &rest)
        if value.kind == .string { rest.append("[") }
        rest.append(json.bytes(value.slice))
        if value.kind == .string { rest.append("]") }
      } else if member.keyEquals("user", in: json), value.kind == .string {
        Writer.key("metadata", to: &rest)
        rest.append("{\"user_id\":")
        rest.append(json.bytes(value.slice))
        rest.append("}")
      } else if member.keyEquals("tools", in: json) {
        tools = value
      } else if member.keyEquals("tool_choice", in: json) {
        toolChoice = value
      } else if member.keyEquals("parallel_tool_calls", in: json) {
        isParallel = value.kind != .false
      } else if member.keyEquals("n", in: json) {
        if value.integer(in: json) != 1 { drop(member, json) }
      } else if !["model", "stream", "stream_options"].contains(where: { member.keyEquals($0, in: json) }) {
        drop(member, json)
      }
    }
    try writeTools(tools, json, to: &rest)
    // A choice without tools is an error there.
    if tools != nil { writeToolChoice(toolChoice, isParallel, json, to: &rest) }

    body.append("{")
    Writer.member("model", model, to: &body)
    let asked = maxTokens ?? Int64(Self.maxTokensUsual)
    Writer.member("max_tokens", Int(clamping: min(asked, Int64(maxTokensLimit ?? .max))), to: &body)
    if streams { Writer.member("stream", true, to: &body) }
    messages.append(to: &body)
    if rest.count > 1 {
      body.append(",")
      body.append(rest.span.extracting(1...))
    }
    body.append("}")
  }

  private mutating func drop(_ member: Member, _ json: Span<UInt8>) {
    guard dropped.count < Self.droppedMax, member.key.count <= Self.droppedBytesMax else { return }
    let name = json.bytes(member.key).text
    // It goes into a header field.
    let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x2c && $0 != 0x5c }
    if isPlain, !dropped.contains(name) { dropped.append(name) }
  }

  // MARK: Tools

  private func writeTools(_ tools: JSONValue?, _ json: Span<UInt8>, to out: inout [UInt8]) throws(Refusal) {
    guard let tools else { return }
    Writer.key("tools", to: &out)
    out.append("[")
    for tool in JSONLists.elements(of: tools, in: json) {
      let function = JSONLists.members(
        of: JSONLists.members(of: tool, in: json).value("function", in: json), in: json)
      guard let name = function.value("name", in: json), name.kind == .string else {
        throw Refusal(
          400, .invalidValue, "`tools` must be functions with names for this model's provider.", param: "tools")
      }
      Writer.separate(&out)
      out.append("{")
      Writer.member("name", raw: json.bytes(name.slice), to: &out)
      if let text = function.value("description", in: json), text.kind == .string {
        Writer.member("description", raw: json.bytes(text.slice), to: &out)
      }
      Writer.key("input_schema", to: &out)
      if let schema = function.value("parameters", in: json), schema.kind == .object {
        out.append(json.bytes(schema.slice))
      } else {
        out.append("{\"type\":\"object\"}")
      }
      out.append("}")
    }
    out.append("]")
  }

  private func writeToolChoice(
    _ choice: JSONValue?, _ isParallel: Bool, _ json: Span<UInt8>, to out: inout [UInt8]
  ) {
    if choice == nil, isParallel { return }
    Writer.key("tool_choice", to: &out)
    out.append("{\"type\":")
    let function = JSONLists.members(of: choice, in: json).value("function", in: json)
    if let name = JSONLists.members(of: function, in: json).value("name", in: json), name.kind == .string {
      out.append("\"tool\",\"name\":")
      out.append(json.bytes(name.slice))
    } else if let choice, choice.equals("none", in: json) {
      out.append("\"none\"}")
      return
    } else {
      let isRequired = choice.map { $0.equals("required", in: json) } ?? false
      out.append(isRequired ? "\"any\"" : "\"auto\"" as StaticString)
    }
    if !isParallel { out.append(",\"disable_parallel_tool_use\":true") }
    out.append("}")
  }
}
