/// The form in which a caller reads vectors.
struct EmbeddingsForm {
  /// The encoding of vectors in OpenAI's dialect: numbers, or base64 of little-endian 32-bit floats.
  enum Encoding: Equatable { case float, base64 }

  let dialect: Dialect
  /// Whether the answer has one vector outside a list.
  let isSingle: Bool
  /// The number of inputs, and so of vectors.
  let count: Int
  let encoding: Encoding
}

/// The vectors in an upstream's answer, where they lie in it.
struct EmbeddingsAnswer {
  /// Bytes of an answer: 2,048 vectors of 1,024 numbers have about 24 MB.
  static let bytesMax = 32 << 20

  /// Lists of numbers, or strings with base64, in the order of the inputs.
  private(set) var vectors: [JSONValue] = []
  private(set) var promptTokens: Int?
  /// The members that name the model, and where another one goes.
  private var models: [Member] = []
  private var brace = 0
  private var error: UpstreamError?

  /// Reads an answer in the dialect of its upstream.
  ///
  /// Throws `.malformed` for anything but an answer with `count` vectors, and `.error` for an error object.
  static func read(_ json: Span<UInt8>, in dialect: Dialect, count: Int) throws(AttemptFailure) -> EmbeddingsAnswer {
    var answer = EmbeddingsAnswer()
    let isThere: Bool
    do throws(JSONError) {
      isThere = try answer.scan(json, dialect)
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if let error = answer.error { throw .error(error) }
    if !isThere { throw .malformed("the answer has no embeddings") }
    guard answer.vectors.count == count else {
      throw .malformed("the answer has \(answer.vectors.count) embeddings for \(count) inputs")
    }
    return answer
  }

  /// False if no member holds embeddings.
  private mutating func scan(_ json: Span<UInt8>, _ dialect: Dialect) throws(JSONError) -> Bool {
    let isList = dialect == .openAI || dialect == .responses
    var isThere = false
    var members = try MemberCursor(whole: json)
    brace = members.offset - 1
    while let member = try members.next(in: json) {
      if member.keyEquals("model", in: json) {
        models.append(member)
      } else if member.keyEquals("error", in: json), !member.value.equals("", in: json) {
        error = try UpstreamErrorReader.value(member, json)
      } else if member.keyEquals("data", in: json), isList, member.value.kind == .array {
        isThere = true
        readData(member.value, json)
      } else if member.keyEquals("embeddings", in: json), !isList, member.value.kind == .array {
        isThere = true
        vectors = JSONLists.elements(of: member.value, in: json)
        if dialect == .gemini { vectors = vectors.compactMap { Self.values(of: $0, json) } }
      } else if member.keyEquals("embedding", in: json), !isList {
        guard let vector = dialect == .gemini ? Self.values(of: member.value, json) : member.value else { continue }
        isThere = true
        // Ollama's answer to a request that only loads a model.
        vectors = vector.kind == .array && vector.elements == 0 ? [] : [vector]
      } else if member.keyEquals("prompt_eval_count", in: json) {
        promptTokens = ChatStream.count(member, json)
      } else if member.keyEquals("usage", in: json) || member.keyEquals("usageMetadata", in: json) {
        for field in JSONLists.members(of: member.value, in: json)
        where field.keyEquals("prompt_tokens", in: json) || field.keyEquals("promptTokenCount", in: json) {
          promptTokens = ChatStream.count(field, json)
        }
      }
    }
    return isThere
  }

  /// Gemini's, in which a vector has a name.
  private static func values(of embedding: JSONValue, _ json: Span<UInt8>) -> JSONValue? {
    JSONLists.members(of: embedding, in: json).value("values", in: json)
  }

  /// OpenAI's, which numbers its vectors.
  private mutating func readData(_ data: JSONValue, _ json: Span<UInt8>) {
    var numbered: [(number: Int64, vector: JSONValue)] = []
    numbered.reserveCapacity(Int(data.elements))
    for (position, element) in JSONLists.elements(of: data, in: json).enumerated() {
      let fields = JSONLists.members(of: element, in: json)
      guard let vector = fields.value("embedding", in: json) else { continue }
      let number = fields.value("index", in: json)?.integer(in: json)
      numbered.append((number ?? Int64(position), vector))
    }
    var last = Int64.min
    let isSorted = numbered.allSatisfy { element in
      defer { last = element.number }
      return element.number >= last
    }
    if !isSorted { numbered.sort { $0.number < $1.number } }
    vectors = numbered.map(\.vector)
  }

  /// Returns Ollama's answer to a request without an input, which only loads a model.
  static func loaded(_ label: AnswerMetadata, isLegacy: Bool) -> [UInt8] {
    var out: [UInt8] = []
    if isLegacy {
      out.append("{\"embedding\":[]}")
    } else {
      out.append("{\"model\":")
      out.append(contentsOf: label.modelToken)
      out.append(",\"embeddings\":[]}")
    }
    return out
  }

  // MARK: The caller's own dialect

  /// Returns the changes for a caller of the upstream's dialect: the model's name as the caller wrote it, and vectors in
  /// the encoding that the caller asked for.
  func edits(
    _ json: Span<UInt8>, as form: EmbeddingsForm, modelToken: [UInt8]
  ) throws(AttemptFailure) -> Splice {
    var edits = Splice()
    for (index, member) in models.enumerated() {
      if index == 0 { edits.replace(member, with: modelToken.span) } else { edits.remove(member) }
    }
    guard form.dialect == .openAI else { return edits }
    if models.isEmpty { edits.insert("model", modelToken.span, intoObjectAt: brace) }
    for vector in vectors where (vector.kind == .string) != (form.encoding == .base64) {
      var text: [UInt8] = []
      try Self.append(vector, json, as: form.encoding, to: &text)
      edits.replace(vector.slice, with: text.span)
    }
    return edits
  }

  // MARK: Other dialects

  /// Writes the answer in the caller's dialect.
  func write(
    _ json: Span<UInt8>, as form: EmbeddingsForm, _ usage: Usage, _ label: AnswerMetadata
  ) throws(AttemptFailure) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(json.count + 64 * vectors.count + 256)
    switch (form.dialect, form.isSingle) {
    case (.ollama, true):
      out.append("{\"embedding\":")
      for vector in vectors.prefix(1) { try Self.append(vector, json, as: .float, to: &out) }
      out.append("}")
    case (.ollama, false):
      out.append("{\"model\":")
      out.append(contentsOf: label.modelToken)
      out.append(",\"embeddings\":[")
      try appendVectors(json, to: &out)
      out.append("],\"total_duration\":0,\"load_duration\":0")
      Writer.member("prompt_eval_count", usage.prompt, to: &out)
      out.append("}")
    case (.gemini, true):
      out.append("{\"embedding\":{\"values\":")
      for vector in vectors.prefix(1) { try Self.append(vector, json, as: .float, to: &out) }
      out.append("},\"usageMetadata\":{")
      Writer.member("promptTokenCount", usage.prompt, to: &out)
      out.append("}}")
    case (.gemini, false):
      out.append("{\"embeddings\":[")
      for vector in vectors {
        Writer.separate(&out)
        out.append("{\"values\":")
        try Self.append(vector, json, as: .float, to: &out)
        out.append("}")
      }
      out.append("],\"usageMetadata\":{")
      Writer.member("promptTokenCount", usage.prompt, to: &out)
      out.append("}}")
    default: try writeList(json, as: form.encoding, usage, label, to: &out)
    }
    return out
  }

  /// OpenAI's.
  private func writeList(
    _ json: Span<UInt8>, as encoding: EmbeddingsForm.Encoding, _ usage: Usage, _ label: AnswerMetadata,
    to out: inout [UInt8]
  ) throws(AttemptFailure) {
    out.append("{\"object\":\"list\",\"data\":[")
    for (index, vector) in vectors.enumerated() {
      Writer.separate(&out)
      out.append("{\"object\":\"embedding\",\"index\":")
      out.append(decimal: index)
      out.append(",\"embedding\":")
      try Self.append(vector, json, as: encoding, to: &out)
      out.append("}")
    }
    out.append("],\"model\":")
    out.append(contentsOf: label.modelToken)
    out.append(",\"usage\":{\"prompt_tokens\":")
    out.append(decimal: usage.prompt)
    out.append(",\"total_tokens\":")
    out.append(decimal: usage.total)
    out.append("}")
    if usage.source == .estimated { out.append(",\"x_usage_source\":\"estimated\"") }
    out.append("}")
  }

  private func appendVectors(_ json: Span<UInt8>, to out: inout [UInt8]) throws(AttemptFailure) {
    for vector in vectors {
      Writer.separate(&out)
      try Self.append(vector, json, as: .float, to: &out)
    }
  }

  /// Appends a vector in an encoding: as it is written where it has that one.
  private static func append(
    _ vector: JSONValue, _ json: Span<UInt8>, as encoding: EmbeddingsForm.Encoding, to out: inout [UInt8]
  ) throws(AttemptFailure) {
    switch (vector.kind, encoding) {
    case (.array, .float):
      // A list of lists is one vector for each token, which no dialect has.
      guard JSONLists.isListOfNumbers(vector, in: json) else { throw FloatVector.malformed }
      out.append(json.bytes(vector.slice))
    case (.array, .base64): try FloatVector.appendBase64(of: vector, json, to: &out)
    case (.string, .base64): out.append(json.bytes(vector.slice))
    case (.string, .float): try FloatVector.appendNumbers(of: vector, json, to: &out)
    default: throw FloatVector.malformed
    }
  }
}
