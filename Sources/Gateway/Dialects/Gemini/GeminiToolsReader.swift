/// Reads the tools of a Gemini request and the choice between them.
///
/// Source: Gemini API reference (v1beta), "Tool", "FunctionDeclaration" and "FunctionCallingConfig".
enum GeminiToolsReader {
  static func read(
    _ tools: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard tools.kind == .array else { throw GeminiFieldPath.field("tools").apiError("must be a list") }
    for (index, element) in JSONLists.elements(of: tools, in: json).enumerated() {
      guard element.kind == .object else {
        throw GeminiFieldPath.field("tools[\(index)]").apiError("must be an object with `functionDeclarations`")
      }
      for member in JSONLists.members(of: element, in: json).set() {
        guard member.isNamed("functionDeclarations", or: "function_declarations", in: json) else {
          // Tools that run on Google's servers.
          conversation.drop(member.name(in: json))
          continue
        }
        for declaration in JSONLists.elements(of: member.value, in: json) {
          conversation.tools.append(try tool(declaration, json, at: index, &conversation))
        }
      }
    }
  }

  private static func tool(
    _ declaration: JSONValue, _ json: Span<UInt8>, at index: Int, _ conversation: inout Conversation
  ) throws(APIError) -> Conversation.Tool {
    var name: EscapedText?
    var description: EscapedText?
    var parameters: RawJSON?
    for member in JSONLists.members(of: declaration, in: json).set() {
      if member.keyEquals("name", in: json) {
        name = EscapedText(member.value)
      } else if member.keyEquals("description", in: json) {
        description = EscapedText(member.value)
      } else if member.keyEquals("parameters", in: json) {
        if member.value.kind == .object { parameters = .owned(GeminiSchema.jsonSchema(member.value, json)) }
      } else if member.isNamed("parametersJsonSchema", or: "parameters_json_schema", in: json) {
        if member.value.kind == .object { parameters = RawJSON(member.value) }
      } else {
        conversation.drop(member.name(in: json))
      }
    }
    guard let name, !name.isEmpty else {
      throw GeminiFieldPath.field("tools[\(index)].functionDeclarations").apiError("must be objects with names")
    }
    return Conversation.Tool(name: name, description: description, parameters: parameters)
  }

  static func read(
    choice value: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard value.kind == .object else { throw GeminiFieldPath.field("toolConfig").apiError("must be an object") }
    for member in JSONLists.members(of: value, in: json).set() {
      if member.isNamed("functionCallingConfig", or: "function_calling_config", in: json) {
        try readMode(JSONLists.members(of: member.value, in: json).set(), json, into: &conversation)
      } else {
        conversation.drop(member.name(in: json))
      }
    }
  }

  private static func readMode(
    _ members: [Member], _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    var allowed: [EscapedText] = []
    let names = members.value("allowedFunctionNames", or: "allowed_function_names", in: json)
    for element in JSONLists.elements(of: names, in: json) {
      guard let name = EscapedText(element) else {
        throw GeminiFieldPath.field("toolConfig.functionCallingConfig.allowedFunctionNames")
          .apiError("must be a list of names")
      }
      allowed.append(name)
    }
    guard let mode = members.value("mode", in: json) else { return }
    switch (mode.string(in: json) ?? "").lowercased() {
    case "auto": conversation.toolChoice = .auto
    case "none": conversation.toolChoice = Conversation.ToolChoice.none
    case "any":
      if allowed.count == 1 {
        conversation.toolChoice = .named(allowed[0])
        return
      }
      conversation.toolChoice = .required
      keep(allowed, json, in: &conversation)
    case "validated":
      conversation.toolChoice = .auto
      keep(allowed, json, in: &conversation)
    case "mode_unspecified": break
    default:
      throw GeminiFieldPath.field("toolConfig.functionCallingConfig.mode")
        .apiError("must be AUTO, ANY, NONE, or VALIDATED")
    }
  }

  /// Removes the tools that are not allowed. Other dialects cannot express which of several tools are allowed.
  private static func keep(_ allowed: [EscapedText], _ json: Span<UInt8>, in conversation: inout Conversation) {
    if allowed.isEmpty { return }
    var names: Set<[UInt8]> = []
    for name in allowed { names.insert(name.unescaped(in: json)) }
    var tools: [Conversation.Tool] = []
    for tool in conversation.tools where names.contains(tool.name.unescaped(in: json)) { tools.append(tool) }
    if !tools.isEmpty { conversation.tools = tools }
  }
}
