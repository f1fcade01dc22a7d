/// A request for embeddings in any dialect: its inputs where they lie in the body, and the form of the vectors.
///
/// Sources: OpenAI API reference, "Create embeddings"; Ollama API reference, "Generate Embeddings"; Gemini API reference,
/// "Embeddings". Only inputs and dimensions exist in all of them; every other field counts as dropped in a translation.
struct EmbeddingsRequest {
  /// Something to embed.
  enum Input: Equatable {
    case text(EscapedText)
    /// A list of token IDs.
    case tokens(Slice)
    /// A content with parts other than text.
    case media
  }

  /// The most inputs that one request may have, as in OpenAI's API.
  static let inputsMax = 2048

  let endpoint: CallEndpoint
  private(set) var model: String
  /// The model's JSON string, which answers repeat; `nil` if the path has the name.
  private(set) var modelToken: Slice?
  private(set) var inputs: [Input] = []
  /// The value that holds the inputs.
  private(set) var prompt = Slice.empty
  private(set) var encoding = EmbeddingsForm.Encoding.float
  private(set) var dimensions: Int64?
  /// Whether Gemini's requests of one batch differ in their dimensions.
  private(set) var hasMixedDimensions = false
  /// The fields that no other dialect has, by name.
  private(set) var dropped = DroppedFields()
  /// The places where Gemini's bodies repeat the model's name.
  private var modelNames: [Slice] = []
  /// Whether a model is only loaded, or unloaded: Ollama's request without an input.
  private(set) var isModelLoad = false
  private(set) var isModelUnload = false

  /// Reads and checks a request body; `model` is the model's name where the path has it.
  static func read(
    _ json: Span<UInt8>, for endpoint: CallEndpoint, model: String = ""
  ) throws(APIError) -> EmbeddingsRequest {
    if endpoint.model != nil { try ChatRequest.check(name: model) }
    var request = EmbeddingsRequest(endpoint, model: model)
    let apiError: APIError?
    do throws(JSONError) {
      apiError = try request.scan(json)
    } catch {
      throw ChatRequest.malformed(error)
    }
    if let apiError { throw apiError }
    return request
  }

  private init(_ endpoint: CallEndpoint, model: String) {
    self.endpoint = endpoint
    self.model = model
  }

  /// Whether the answer has one vector outside a list.
  var isSingle: Bool { endpoint.form == .legacy || (endpoint.dialect == .gemini && endpoint.form == .standard) }

  // MARK: Reading

  private mutating func scan(_ json: Span<UInt8>) throws(JSONError) -> APIError? {
    var apiError: APIError?
    var hasInput = false
    var members = try Scanner.root(json)
    while let member = try members.next(in: json) {
      // The first error wins, but the whole text is checked all the same.
      if apiError != nil { continue }
      do throws(APIError) {
        if member.keyEquals(subject, in: json) {
          prompt = member.value.slice
          hasInput = true
          try readInputs(member, json)
        } else if endpoint.dialect == .gemini {
          try readGemini(member, at: "", json)
        } else if member.keyEquals("model", in: json) {
          model = try ChatRequest.name(member, json)
          modelToken = member.value.slice
        } else if member.keyEquals("dimensions", in: json) {
          try read(dimensions: member, "dimensions", json)
        } else if endpoint.dialect == .openAI, member.keyEquals("encoding_format", in: json) {
          try read(encoding: member, json)
        } else if member.value.kind != .null {
          if member.keyEquals("keep_alive", in: json) { isModelUnload = member.value.double(in: json) == 0 }
          dropped.add(member.name(in: json))
        }
      } catch {
        apiError = error
      }
    }
    if let apiError { return apiError }
    isModelLoad = endpoint.dialect == .ollama && inputs.isEmpty
    return ChatRequest.missing(
      model: model, String(describing: subject), isThere: hasInput || endpoint.dialect == .ollama)
  }

  /// The field that holds the inputs.
  private var subject: StaticString {
    switch (endpoint.dialect, endpoint.form) {
    case (.ollama, .legacy): "prompt"
    case (.gemini, .batch): "requests"
    case (.gemini, _): "content"
    default: "input"
    }
  }

  private mutating func readInputs(_ member: Member, _ json: Span<UInt8>) throws(APIError) {
    switch (endpoint.dialect, endpoint.form) {
    case (.gemini, .batch): try readBatch(member.value, json)
    case (.gemini, _): inputs = [try Self.content(member.value, "content", json)]
    case (.ollama, .legacy):
      guard member.value.kind != .null else { return }
      guard let text = EscapedText(member.value) else { throw ChatRequest.invalid("prompt", "must be a string") }
      if !text.isEmpty { inputs = [.text(text)] }
    case (.ollama, _): try readTexts(member.value, json)
    default: try readTextsOrTokens(member.value, json)
    }
  }

  /// Ollama's: a text, or texts; without one the model is only loaded.
  private mutating func readTexts(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) {
    if value.kind == .null { return }
    if let text = EscapedText(value) {
      if !text.isEmpty { inputs = [.text(text)] }
      return
    }
    guard value.kind == .array else { throw ChatRequest.invalid("input", "must be a string or a list of strings") }
    try Self.check(count: value, "input")
    inputs.reserveCapacity(Int(value.elements))
    for element in JSONLists.elements(of: value, in: json) {
      guard let text = EscapedText(element) else { throw ChatRequest.invalid("input", "must hold only strings") }
      inputs.append(.text(text))
    }
  }

  /// OpenAI's: a text, texts, the tokens of one, or of several.
  private mutating func readTextsOrTokens(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) {
    if let text = EscapedText(value) { return inputs = [.text(text)] }
    guard value.kind == .array else {
      throw ChatRequest.invalid("input", "must be a string, a list of strings, or lists of token IDs")
    }
    if value.elements == 0 { throw ChatRequest.invalid("input", "must not be empty") }
    let elements = JSONLists.elements(of: value, in: json)
    if elements[0].kind == .number {
      try Self.check(tokens: value, json)
      return inputs = [.tokens(value.slice)]
    }
    try Self.check(count: value, "input")
    inputs.reserveCapacity(elements.count)
    for element in elements {
      if element.kind != elements[0].kind { throw ChatRequest.invalid("input", "must hold values of one kind") }
      if let text = EscapedText(element) {
        inputs.append(.text(text))
      } else {
        try Self.check(tokens: element, json)
        inputs.append(.tokens(element.slice))
      }
    }
  }

  private static func check(count value: JSONValue, _ field: String) throws(APIError) {
    guard value.elements > inputsMax else { return }
    throw ChatRequest.invalid(field, "may have at most \(inputsMax) inputs; this request has \(value.elements)")
  }

  private static func check(tokens value: JSONValue, _ json: Span<UInt8>) throws(APIError) {
    guard value.elements > 0, JSONLists.isListOfIDs(value, in: json) else {
      throw ChatRequest.invalid("input", "must be a string, a list of strings, or lists of token IDs")
    }
  }

  private mutating func read(dimensions member: Member, _ field: String, _ json: Span<UInt8>) throws(APIError) {
    if member.value.kind == .null { return }
    guard let number = member.value.integer(in: json), (1...Int64(Int32.max)).contains(number) else {
      throw ChatRequest.invalid(field, "must be a whole number of at least 1")
    }
    if let dimensions, dimensions != number { hasMixedDimensions = true }
    dimensions = number
  }

  private mutating func read(encoding member: Member, _ json: Span<UInt8>) throws(APIError) {
    if member.value.kind == .null || member.value.equals("float", in: json) { return }
    guard member.value.equals("base64", in: json) else {
      throw ChatRequest.invalid("encoding_format", "must be float or base64")
    }
    encoding = .base64
  }

  // MARK: Gemini

  private mutating func readBatch(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) {
    guard value.kind == .array, value.elements > 0 else {
      throw ChatRequest.invalid("requests", "must be a list with at least one request")
    }
    try Self.check(count: value, "requests")
    inputs.reserveCapacity(Int(value.elements))
    var withDimensions = 0
    for (index, request) in JSONLists.elements(of: value, in: json).enumerated() {
      let path = "requests[\(index)]."
      var input: Input?
      let before = dimensions
      dimensions = nil
      for member in JSONLists.members(of: request, in: json) {
        if member.keyEquals("content", in: json) {
          input = try Self.content(member.value, path + "content", json)
        } else {
          try readGemini(member, at: path, json)
        }
      }
      guard let input else { throw APIError(400, .missingField, "The field `\(path)content` is missing.", param: path + "content") }
      inputs.append(input)
      if dimensions != nil { withDimensions += 1 }
      if let before, let dimensions, before != dimensions { hasMixedDimensions = true }
      dimensions = dimensions ?? before
    }
    if withDimensions != 0, withDimensions != inputs.count { hasMixedDimensions = true }
  }

  /// Reads a member beside the content, in a request or in one of a batch.
  private mutating func readGemini(_ member: Member, at path: String, _ json: Span<UInt8>) throws(APIError) {
    if member.value.kind == .null { return }
    if member.keyEquals("model", in: json) {
      guard member.value.kind == .string else { throw ChatRequest.invalid(path + "model", "must be a string") }
      modelNames.append(member.value.slice)
    } else if member.isNamed("outputDimensionality", or: "output_dimensionality", in: json) {
      try read(dimensions: member, path + "outputDimensionality", json)
    } else if member.isNamed("embedContentConfig", or: "embed_content_config", in: json) {
      for field in JSONLists.members(of: member.value, in: json) {
        try readGemini(field, at: path + "embedContentConfig.", json)
      }
    } else {
      dropped.add(member.name(in: json))
    }
  }

  /// The texts of a content, as one.
  private static func content(_ value: JSONValue, _ path: String, _ json: Span<UInt8>) throws(APIError) -> Input {
    guard value.kind == .object, let parts = JSONLists.members(of: value, in: json).value("parts", in: json),
      parts.kind == .array, parts.elements > 0
    else { throw ChatRequest.invalid(path, "must be an object with `parts`, as in {\"parts\": [{\"text\": \"…\"}]}") }
    var texts: [EscapedText] = []
    for part in JSONLists.elements(of: parts, in: json) {
      guard let text = EscapedText(JSONLists.members(of: part, in: json).value("text", in: json)) else {
        return .media
      }
      texts.append(text)
    }
    if texts.count == 1 { return .text(texts[0]) }
    var joined: [UInt8] = []
    for text in texts { text.append(to: &joined, from: json) }
    return .text(.owned(joined))
  }

  // MARK: The same request for an upstream

  /// The changes for a candidate of the caller's dialect that knows the model by another name.
  func edits(model served: String) -> Splice {
    var edits = Splice()
    if served == model { return edits }
    if let modelToken { edits.replace(modelToken, with: Writer.string(served).span) }
    let name = Writer.string("models/" + served)
    for slice in modelNames { edits.replace(slice, with: name.span) }
    return edits
  }
}
