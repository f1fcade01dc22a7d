/// Reads the tools of a request and the choice between them.
///
/// Functions may be in namespaces, as Codex does for each MCP server. No other dialect has namespaces, so the model
/// sees a function by a flat name that starts with the namespace, and a call of it is returned in two parts. Codex
/// 0.163 accepts no other form.
enum ResponsesTools {
  /// The most bytes of a function's name at OpenAI and Anthropic.
  private static let nameBytesMax = 64

  /// A function's name and namespace.
  struct QualifiedName: Equatable {
    var namespace: [UInt8]
    var name: [UInt8]
  }

  static func read(
    _ tools: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    guard tools.kind == .array else { throw .invalid("tools", "must be an array") }
    for (index, element) in JSONLists.elements(of: tools, in: json).enumerated() {
      let tool = JSONLists.members(of: element, in: json)
      guard let type = tool.value("type", in: json), type.kind == .string else {
        throw .invalid("tools[\(index)].type", "must be a text, as in function")
      }
      if type.equals("function", in: json) {
        conversation.tools.append(try function(tool, in: nil, at: "tools[\(index)]", json))
      } else if type.equals("namespace", in: json) {
        try readNamespace(tool, at: "tools[\(index)]", json, into: &conversation)
      } else {
        conversation.drop("tools.\(type.string(in: json) ?? "")")
      }
    }
  }

  private static func readNamespace(
    _ tool: [Member], at path: String, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    let name = EscapedText(tool.value("name", in: json))
    for (index, element) in JSONLists.elements(of: tool.value("tools", in: json), in: json).enumerated() {
      let inner = JSONLists.members(of: element, in: json)
      let type = inner.value("type", in: json)
      if let type, type.equals("function", in: json) {
        conversation.tools.append(try function(inner, in: name, at: "\(path).tools[\(index)]", json))
      } else {
        conversation.drop("tools.\(type?.string(in: json) ?? "namespace")")
      }
    }
  }

  private static func function(
    _ tool: [Member], in namespace: EscapedText?, at path: String, _ json: Span<UInt8>
  ) throws(APIError) -> Conversation.Tool {
    guard let name = EscapedText(tool.value("name", in: json)), !name.isEmpty else {
      throw .invalid(
        "\(path).name", "must be the function's name: in this dialect it stands beside `type`")
    }
    let parameters = tool.value("parameters", in: json)
    if let parameters, parameters.kind != .null, parameters.kind != .object {
      throw .invalid("\(path).parameters", "must be a JSON Schema")
    }
    return Conversation.Tool(
      name: flatName(namespace, name, json), description: EscapedText(tool.value("description", in: json)),
      parameters: parameters.flatMap { $0.kind == .object ? RawJSON($0) : nil },
      isStrict: tool.value("strict", in: json)?.bool)
  }

  // MARK: Names

  /// Returns the flat name by which a model knows a function.
  static func flatName(_ namespace: EscapedText?, _ name: EscapedText, _ json: Span<UInt8>) -> EscapedText {
    guard let namespace, !namespace.isEmpty else { return name }
    return EscapedText(
      escaping: flatName(QualifiedName(namespace: namespace.unescaped(in: json), name: name.unescaped(in: json)))
        .span)
  }

  private static func flatName(_ qualified: QualifiedName) -> [UInt8] {
    var flat = qualified.namespace
    if flat.last != UInt8(ascii: "_") { flat.append("__") }
    flat += qualified.name
    return flat.count <= nameBytesMax ? flat : qualified.name
  }

  /// Returns the functions in namespaces by their flat names. `echo` holds the tools of the request.
  static func qualifiedNames(_ echo: [UInt8]) -> [[UInt8]: QualifiedName] {
    var json: [UInt8] = []
    json.append("{\"echo\":0")
    json += echo
    json.append("}")
    let text = json.span
    var qualifiedNames: [[UInt8]: QualifiedName] = [:]
    let tools = ResponsesRequestReader.members(text).value("tools", in: text)
    for element in JSONLists.elements(of: tools, in: text) {
      let tool = JSONLists.members(of: element, in: text)
      guard let inner = tool.value("tools", in: text), let namespace = EscapedText(tool.value("name", in: text))
      else { continue }
      for element in JSONLists.elements(of: inner, in: text) {
        guard let name = EscapedText(JSONLists.members(of: element, in: text).value("name", in: text)) else {
          continue
        }
        let qualified = QualifiedName(namespace: namespace.unescaped(in: text), name: name.unescaped(in: text))
        qualifiedNames[flatName(qualified)] = qualifiedNames[flatName(qualified)] ?? qualified
      }
    }
    return qualifiedNames
  }

  // MARK: Choice

  /// Reads `tool_choice`, after the tools.
  static func choose(
    _ choice: JSONValue, _ json: Span<UInt8>, in conversation: inout Conversation
  ) throws(APIError) {
    if choice.kind == .string {
      conversation.toolChoice = try mode(choice, "tool_choice", json)
    } else {
      let members = JSONLists.members(of: choice, in: json)
      guard let type = members.value("type", in: json), type.kind == .string else {
        throw .invalid(
          "tool_choice", "must be auto, none, required, or an object with a type")
      }
      if type.equals("function", in: json) {
        guard let name = EscapedText(members.value("name", in: json)), !name.isEmpty else {
          throw .invalid("tool_choice.name", "must be the name of a function")
        }
        conversation.toolChoice = .named(
          flatName(EscapedText(members.value("namespace", in: json)), name, json))
      } else if type.equals("allowed_tools", in: json) {
        allow(members.value("tools", in: json), json, in: &conversation)
        if let word = members.value("mode", in: json), word.kind != .null {
          conversation.toolChoice = try mode(word, "tool_choice.mode", json)
        }
      } else {
        return conversation.drop("tool_choice")
      }
    }
    // Most providers reject a choice without tools, which happens if all tools were OpenAI's own.
    if conversation.tools.isEmpty {
      switch conversation.toolChoice {
      case .required?, .named?: conversation.drop("tool_choice")
      default: break
      }
      conversation.toolChoice = nil
    }
  }

  private static func mode(
    _ value: JSONValue, _ path: String, _ json: Span<UInt8>
  ) throws(APIError) -> Conversation.ToolChoice {
    if value.equals("auto", in: json) { return .auto }
    if value.equals("none", in: json) { return Conversation.ToolChoice.none }
    if value.equals("required", in: json) { return .required }
    throw .invalid(path, "must be auto, none or required")
  }

  /// Removes the tools that the caller does not allow.
  private static func allow(_ list: JSONValue?, _ json: Span<UInt8>, in conversation: inout Conversation) {
    var names: Set<[UInt8]> = []
    for element in JSONLists.elements(of: list, in: json) {
      let tool = JSONLists.members(of: element, in: json)
      guard let name = EscapedText(tool.value("name", in: json)) else { continue }
      let namespace = EscapedText(tool.value("namespace", in: json))
      names.insert(flatName(namespace, name, json).unescaped(in: json))
    }
    conversation.tools.removeAll { !names.contains($0.name.unescaped(in: json)) }
  }
}
