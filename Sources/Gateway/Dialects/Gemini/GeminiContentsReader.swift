/// Reads the contents of a Gemini request.
///
/// Source: Gemini API reference (v1beta), "Content" and "Part".
enum GeminiContentsReader {
  static func read(
    _ contents: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    let elements = list(contents, json)
    guard !elements.isEmpty else {
      throw GeminiFieldPath.field("contents").apiError("must be a list with at least one content")
    }
    var turns = GeminiTurns()
    for (index, element) in elements.enumerated() {
      guard element.kind == .object else {
        throw GeminiFieldPath.field("contents[\(index)]").apiError("must be an object with `role` and `parts`")
      }
      let turn = JSONLists.members(of: element, in: json)
      turns.begin(try role(turn.value("role", in: json), json, at: index))
      for (position, part) in try parts(turn, json, in: "contents[\(index)]").enumerated() {
        try read(part, json, Position(turn: index, index: position), into: &turns, &conversation)
      }
    }
    conversation.messages += turns.end(json)
    if conversation.messages.allSatisfy({ $0.role == .system }) {
      throw GeminiFieldPath.field("contents").apiError("must have a part that is not empty")
    }
  }

  /// Reads the system instruction, which is a content without a role or a string.
  static func read(
    system: JSONValue, _ json: Span<UInt8>, into conversation: inout Conversation
  ) throws(APIError) {
    var message = Conversation.Message(role: .system)
    if let text = EscapedText(system) {
      if !text.isEmpty { message.parts.append(.text(text)) }
    } else {
      guard system.kind == .object else {
        throw GeminiFieldPath.field("systemInstruction").apiError("must be an object with `parts`, or a string")
      }
      let content = JSONLists.members(of: system, in: json)
      for (index, part) in try parts(content, json, in: "systemInstruction").enumerated() {
        guard let text = EscapedText(JSONLists.members(of: part, in: json).value("text", in: json)) else {
          throw Position(turn: nil, index: index).apiError("must be a text")
        }
        if !text.isEmpty { message.parts.append(.text(text)) }
      }
    }
    if !message.parts.isEmpty { conversation.messages.append(message) }
  }

  // MARK: Contents

  private static func role(
    _ value: JSONValue?, _ json: Span<UInt8>, at index: Int
  ) throws(APIError) -> Conversation.Role {
    guard let value, value.kind != .null else { return .user }
    if value.equals("model", in: json) { return .assistant }
    // Tool results formerly had their own role.
    if value.equals("user", in: json) || value.equals("function", in: json) || value.equals("", in: json) {
      return .user
    }
    throw GeminiFieldPath.field("contents[\(index)].role")
      .apiError("must be user or model; put system instructions into `systemInstruction`")
  }

  private static func parts(
    _ content: [Member], _ json: Span<UInt8>, in name: String
  ) throws(APIError) -> [JSONValue] {
    guard let parts = content.value("parts", in: json), parts.kind != .null else { return [] }
    guard parts.kind == .array || parts.kind == .object else {
      throw GeminiFieldPath.field(name + ".parts").apiError("must be a list")
    }
    return list(parts, json)
  }

  /// Returns the elements of a list. Google accepts an object as a list of one.
  private static func list(_ value: JSONValue, _ json: Span<UInt8>) -> [JSONValue] {
    value.kind == .object ? [value] : JSONLists.elements(of: value, in: json)
  }

  /// The position of a part.
  private struct Position {
    var turn: Int?
    var index: Int

    func apiError(_ rule: String, field: String = "") -> APIError {
      GeminiFieldPath.part(turn: turn, index: index, field: field).apiError(rule)
    }
  }

  // MARK: Parts

  /// The relevant members of a part.
  private struct Fields {
    var text: JSONValue?
    var isThought = false
    var signature: EscapedText?
    var inlineData: JSONValue?
    var fileData: JSONValue?
    var call: JSONValue?
    var response: JSONValue?
  }

  private static func read(
    _ part: JSONValue, _ json: Span<UInt8>, _ position: Position, into turns: inout GeminiTurns,
    _ conversation: inout Conversation
  ) throws(APIError) {
    guard part.kind == .object else { throw position.apiError("must be an object, as in {\"text\": \"…\"}") }
    let fields = fields(part, json, &conversation)
    if let call = fields.call {
      turns.append(try read(call: call, fields.signature, json, position), json)
    } else if let response = fields.response {
      turns.append(try read(response: response, json, position, &conversation), json)
    } else if let data = fields.inlineData {
      turns.append(try media(inline: data, json, position), json)
    } else if let file = fields.fileData {
      turns.append(try media(file: file, json, position), json)
    } else if let value = fields.text {
      guard let text = EscapedText(value) else { throw position.apiError("must be a string", field: ".text") }
      if fields.isThought {
        turns.append(thought: text, fields.signature, json)
      } else {
        turns.append(text: text, fields.signature, json)
      }
    } else if let signature = fields.signature {
      turns.append(text: .owned([]), signature, json)
    }
  }

  private static func fields(
    _ part: JSONValue, _ json: Span<UInt8>, _ conversation: inout Conversation
  ) -> Fields {
    var fields = Fields()
    for member in JSONLists.members(of: part, in: json).set() {
      if member.keyEquals("text", in: json) {
        fields.text = member.value
      } else if member.keyEquals("thought", in: json) {
        fields.isThought = member.value.kind == .true
      } else if member.isNamed("thoughtSignature", or: "thought_signature", in: json) {
        fields.signature = GeminiBytes.standard(member.value, json).flatMap { $0.isEmpty ? nil : $0 }
      } else if member.isNamed("inlineData", or: "inline_data", in: json) {
        fields.inlineData = member.value
      } else if member.isNamed("fileData", or: "file_data", in: json) {
        fields.fileData = member.value
      } else if member.isNamed("functionCall", or: "function_call", in: json) {
        fields.call = member.value
      } else if member.isNamed("functionResponse", or: "function_response", in: json) {
        fields.response = member.value
      } else {
        // Results of Google's own tools, and metadata of media.
        conversation.drop(member.name(in: json))
      }
    }
    return fields
  }

  private static func read(
    call: JSONValue, _ signature: EscapedText?, _ json: Span<UInt8>, _ position: Position
  ) throws(APIError) -> Conversation.ToolCall {
    let fields = JSONLists.members(of: call, in: json)
    guard let name = EscapedText(fields.value("name", in: json)), !name.isEmpty else {
      throw position.apiError("must be an object with a name", field: ".functionCall")
    }
    var arguments = RawJSON.owned(Array("{}".utf8))
    if let args = fields.value("args", in: json), args.kind != .null {
      guard args.kind == .object else { throw position.apiError("must be an object", field: ".functionCall.args") }
      arguments = RawJSON(args)
    }
    let id = EscapedText(fields.value("id", in: json)).flatMap { $0.isEmpty ? nil : $0 }
    return Conversation.ToolCall(id: id, name: name, arguments: arguments, signature: signature)
  }

  private static func read(
    response: JSONValue, _ json: Span<UInt8>, _ position: Position, _ conversation: inout Conversation
  ) throws(APIError) -> Conversation.ToolResult {
    let fields = JSONLists.members(of: response, in: json).set()
    guard let name = EscapedText(fields.value("name", in: json)), !name.isEmpty else {
      throw position.apiError("must be an object with a name", field: ".functionResponse")
    }
    let id = EscapedText(fields.value("id", in: json)).flatMap { $0.isEmpty ? nil : $0 }
    var result = Conversation.ToolResult(id: id, name: name, parts: [])
    if let response = fields.value("response", in: json) {
      guard response.kind == .object else {
        throw position.apiError("must be an object", field: ".functionResponse.response")
      }
      let text = self.text(of: response, json, isError: &result.isError)
      if !text.isEmpty { result.parts.append(.text(text)) }
    }
    for part in JSONLists.elements(of: fields.value("parts", in: json), in: json) {
      let media = self.fields(part, json, &conversation)
      if let data = media.inlineData {
        result.parts.append(try Self.media(inline: data, json, position))
      } else if let file = media.fileData {
        result.parts.append(try Self.media(file: file, json, position))
      }
    }
    return result
  }

  /// Returns the result of a tool: the text if the object has only a text under a common name, or else the object.
  private static func text(of response: JSONValue, _ json: Span<UInt8>, isError: inout Bool) -> EscapedText {
    let members = JSONLists.members(of: response, in: json)
    if members.count == 1 {
      isError = members[0].keyEquals("error", in: json)
      // LiteLLM uses `content`, and Pydantic AI `return_value`.
      let hasCommonName =
        isError || members[0].keyEquals("result", in: json) || members[0].keyEquals("output", in: json)
        || members[0].keyEquals("content", in: json) || members[0].keyEquals("return_value", in: json)
      if hasCommonName, let text = EscapedText(members[0].value) { return text }
    }
    return EscapedText(escaping: json.bytes(response.slice))
  }

  // MARK: Media

  private static func media(
    inline value: JSONValue, _ json: Span<UInt8>, _ position: Position
  ) throws(APIError) -> Conversation.Part {
    let fields = JSONLists.members(of: value, in: json)
    guard let type = fields.value("mimeType", or: "mime_type", in: json), let media = EscapedText(type),
      let base64 = GeminiBytes.standard(fields.value("data", in: json), json)
    else { throw position.apiError("must be an object with `mimeType` and `data`", field: ".inlineData") }
    let data = Conversation.Media.data(media: media, base64: base64)
    return isImage(type, json)
      ? .image(data) : .file(data, name: EscapedText(fields.value("displayName", in: json)))
  }

  private static func media(
    file value: JSONValue, _ json: Span<UInt8>, _ position: Position
  ) throws(APIError) -> Conversation.Part {
    let fields = JSONLists.members(of: value, in: json).set()
    guard let uri = fields.value("fileUri", or: "file_uri", in: json), let address = uri.unescaped(in: json),
      let text = EscapedText(uri)
    else { throw position.apiError("must be an object with `fileUri`", field: ".fileData") }
    let type = fields.value("mimeType", or: "mime_type", in: json)
    if Conversation.Media.isWeb(address.span) {
      if type.map({ isImage($0, json) }) ?? true { return .image(.url(text)) }
      if let type, type.equals("application/pdf", in: json) { return .file(.url(text), name: nil) }
    }
    throw position.apiError(
      "must be an image or a PDF document with a URL that begins with https://; send others as `inlineData`",
      field: ".fileData")
  }

  private static func isImage(_ type: JSONValue, _ json: Span<UInt8>) -> Bool {
    guard let media = type.unescaped(in: json) else { return false }
    return media.span.hasPrefix("image/", at: 0, before: media.count)
  }
}
