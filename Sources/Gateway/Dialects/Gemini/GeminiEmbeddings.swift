/// Embeddings in Gemini's dialect: `embedContent` for one content, `batchEmbedContents` for several.
///
/// Source: Gemini API reference, "Embeddings".
enum GeminiEmbeddings {
  static let format = EmbeddingsFormat(
    inputKey: { form in form == .batch ? "requests" : "content" },
    isSingle: { form in form == .standard },
    readInputs: { request, value, json throws(APIError) in
      if request.endpoint.form == .batch {
        try readBatch(&request, value, json)
      } else {
        request.inputs = [try content(value, "content", json)]
      }
    },
    readMember: { request, member, json throws(APIError) in
      if let dimensions = try readMember(&request, member, at: "", json) {
        request.setDimensions(ofEach: [dimensions])
      }
    },
    writeRequest: writeBatch,
    readAnswer: readAnswer,
    writeAnswer: write)

  // MARK: Requests

  private static func readBatch(
    _ request: inout EmbeddingsRequest, _ value: JSONValue, _ json: Span<UInt8>
  ) throws(APIError) {
    guard value.kind == .array, value.elements > 0 else {
      throw .invalid("requests", "must be a list with at least one request")
    }
    try EmbeddingsRequest.check(count: value, "requests")
    request.inputs.reserveCapacity(Int(value.elements))
    var dimensions: [Int64?] = []
    for (index, element) in JSONLists.elements(of: value, in: json).enumerated() {
      let path = "requests[\(index)]."
      var input: EmbeddingsRequest.Input?
      var own: Int64?
      for member in JSONLists.members(of: element, in: json) {
        if member.keyEquals("content", in: json) {
          input = try content(member.value, path + "content", json)
        } else {
          own = try readMember(&request, member, at: path, json) ?? own
        }
      }
      guard let input else {
        throw APIError(400, .missingField, "The field `\(path)content` is missing.", param: path + "content")
      }
      request.inputs.append(input)
      dimensions.append(own)
    }
    request.setDimensions(ofEach: dimensions)
  }

  /// Reads a member beside the content, in a request or in one of a batch. Returns the dimensions, if it holds them.
  private static func readMember(
    _ request: inout EmbeddingsRequest, _ member: Member, at path: String, _ json: Span<UInt8>
  ) throws(APIError) -> Int64? {
    if member.value.kind == .null { return nil }
    if member.keyEquals("model", in: json) {
      guard member.value.kind == .string else { throw .invalid(path + "model", "must be a string") }
      request.modelNames.append(member.value.slice)
    } else if member.isNamed("outputDimensionality", or: "output_dimensionality", in: json) {
      return try EmbeddingsRequest.dimensions(member.value, path + "outputDimensionality", json)
    } else if member.isNamed("embedContentConfig", or: "embed_content_config", in: json) {
      var dimensions: Int64?
      for field in JSONLists.members(of: member.value, in: json) {
        if field.isNamed("outputDimensionality", or: "output_dimensionality", in: json) {
          dimensions = try EmbeddingsRequest.dimensions(
            field.value, path + "embedContentConfig.outputDimensionality", json)
        } else {
          request.drop(field, json)
        }
      }
      return dimensions
    } else {
      request.drop(member, json)
    }
    return nil
  }

  /// Returns the texts of a content, as one.
  private static func content(
    _ value: JSONValue, _ path: String, _ json: Span<UInt8>
  ) throws(APIError) -> EmbeddingsRequest.Input {
    guard value.kind == .object, let parts = JSONLists.members(of: value, in: json).value("parts", in: json),
      parts.kind == .array, parts.elements > 0
    else { throw .invalid(path, "must be an object with `parts`, as in {\"parts\": [{\"text\": \"…\"}]}") }
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

  /// A batch, even for one input.
  private static func writeBatch(
    _ request: EmbeddingsRequest, _ json: Span<UInt8>, _ model: String, to out: inout [UInt8]
  ) throws(APIError) {
    let name = Writer.string("models/" + model)
    out.append("\"requests\":[")
    for index in request.inputs.indices {
      Writer.separate(&out)
      out.append("{\"model\":")
      out.append(contentsOf: name)
      out.append(",\"content\":{\"parts\":[{\"text\":")
      try request.text(index).appendQuoted(to: &out, from: json)
      out.append("}]}")
      if let dimensions = request.dimensions { Writer.member("outputDimensionality", Int(dimensions), to: &out) }
      out.append("}")
    }
    out.append("]")
  }

  // MARK: Answers

  private static func readAnswer(_ answer: inout EmbeddingsAnswer, _ member: Member, _ json: Span<UInt8>) {
    if member.keyEquals("embeddings", in: json), member.value.kind == .array {
      answer.vectors = JSONLists.elements(of: member.value, in: json).compactMap { values(of: $0, json) }
    } else if member.keyEquals("embedding", in: json) {
      if let vector = values(of: member.value, json) { answer.vectors = [vector] }
    } else if member.keyEquals("usageMetadata", in: json) {
      answer.readTokens("promptTokenCount", in: member, json)
    }
  }

  private static func values(of embedding: JSONValue, _ json: Span<UInt8>) -> JSONValue? {
    JSONLists.members(of: embedding, in: json).value("values", in: json)
  }

  private static func write(
    _ answer: EmbeddingsAnswer, _ json: Span<UInt8>, _ form: EmbeddingsForm, _ usage: Usage,
    _ label: AnswerMetadata,
    to out: inout [UInt8]
  ) throws(AttemptFailure) {
    if form.isSingle {
      out.append("{\"embedding\":{\"values\":")
      try answer.appendFirst(json, to: &out)
    } else {
      out.append("{\"embeddings\":[")
      for vector in answer.vectors ?? [] {
        Writer.separate(&out)
        out.append("{\"values\":")
        try FloatVector.append(vector, json, as: .float, to: &out)
        out.append("}")
      }
      out.append("]")
    }
    out.append(form.isSingle ? "}" : "")
    out.append(",\"usageMetadata\":{")
    Writer.member("promptTokenCount", usage.prompt, to: &out)
    out.append("}}")
  }
}
