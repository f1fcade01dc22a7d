/// The tools of a chat completion request, and the caller's choice between them.
struct CompletionsTools {
  private var tools: [Conversation.Tool] = []
  var choice: Conversation.ToolChoice?
  /// The names that the choice is limited to, without escapes.
  var allowed: [EscapedText]?

  /// Reads `tools`. Every dialect has functions; other types of tools are dropped and reported.
  mutating func read(
    _ value: JSONValue, _ json: Span<UInt8>, _ conversation: inout Conversation
  ) throws(APIError) {
    guard value.kind == .array else { throw Self.apiError }
    for element in JSONLists.elements(of: value, in: json) {
      let tool = JSONLists.members(of: element, in: json)
      let type = tool.value("type", in: json)
      if let type, type.kind == .string, !type.equals("function", in: json) {
        // The model could not call it through another dialect.
        if type.slice.count <= 64 { conversation.drop("tools." + (type.string(in: json) ?? "")) }
        continue
      }
      guard let function = tool.value("function", in: json) else { throw Self.apiError }
      try add(function, json)
      if let value = tool.value("cache_control", in: json), value.kind == .object {
        tools[tools.count - 1].cacheControl = RawJSON(value)
      }
    }
  }

  /// Reads `functions`, the predecessor of `tools`.
  mutating func readFunctions(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) {
    guard value.kind == .array else { throw Self.apiError }
    for element in JSONLists.elements(of: value, in: json) { try add(element, json) }
  }

  private mutating func add(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) {
    let function = JSONLists.members(of: value, in: json)
    guard let name = EscapedText(function.value("name", in: json)) else { throw Self.apiError }
    var tool = Conversation.Tool(name: name)
    tool.description = EscapedText(function.value("description", in: json))
    if let schema = function.value("parameters", in: json), schema.kind == .object {
      tool.parameters = RawJSON(schema)
    }
    tool.isStrict = function.value("strict", in: json)?.bool
    tools.append(tool)
  }

  /// Reads `tool_choice`, or the older `function_call`. Stores the names that the choice is limited to in `allowed`.
  static func choice(
    _ value: JSONValue, _ field: String, _ json: Span<UInt8>, _ allowed: inout [EscapedText]?
  ) throws(APIError) -> Conversation.ToolChoice {
    if let choice = choice(named: value, json) { return choice }
    let fields = JSONLists.members(of: value, in: json)
    let type = fields.value("type", in: json)
    if let type, type.equals("allowed_tools", in: json) {
      // OpenAI nests the list under the type's name; some clients do not.
      let inner = JSONLists.members(of: fields.value("allowed_tools", in: json), in: json)
      let limits = inner.isEmpty ? fields : inner
      allowed = JSONLists.elements(of: limits.value("tools", in: json), in: json).compactMap { name($0, json) }
      return limits.value("mode", in: json).flatMap { choice(named: $0, json) } ?? .auto
    }
    if let name = name(value, json) { return .named(name) }
    if let type, let choice = choice(named: type, json) { return choice }
    throw APIError(
      400, .invalidValue,
      "`\(field)` must be \"none\", \"auto\", \"required\" or an object with the name of a function.", param: field)
  }

  private static func choice(named value: JSONValue, _ json: Span<UInt8>) -> Conversation.ToolChoice? {
    if value.equals("auto", in: json) { return .auto }
    if value.equals("none", in: json) { return Conversation.ToolChoice.none }
    // Mistral and Anthropic use `any`.
    return value.equals("required", in: json) || value.equals("any", in: json) ? .required : nil
  }

  /// Returns the name in `{"function":{"name":…}}` or `{"name":…}`.
  private static func name(_ value: JSONValue, _ json: Span<UInt8>) -> EscapedText? {
    let fields = JSONLists.members(of: value, in: json)
    let function = JSONLists.members(of: fields.value("function", in: json), in: json)
    return EscapedText(function.value("name", in: json) ?? fields.value("name", in: json))
  }

  /// Adds the tools and the choice to the conversation.
  mutating func end(_ json: Span<UInt8>, _ conversation: inout Conversation) {
    if let allowed {
      // Other dialects have no such limit, so the other tools are omitted.
      let names = Set(allowed.map { $0.unescaped(in: json) })
      tools = tools.filter { names.contains($0.name.unescaped(in: json)) }
    }
    conversation.tools = tools
    conversation.toolChoice = choice
  }

  private static var apiError: APIError {
    APIError(400, .invalidValue, "`tools` must be functions with names for this model's provider.", param: "tools")
  }
}
