/// Embeddings in Ollama's dialect: `/api/embed`, and the older `/api/embeddings` with one prompt and one vector.
///
/// Source: Ollama API reference, "Generate Embeddings" and "Generate Embedding".
enum OllamaEmbeddings {
  static let format = EmbeddingsFormat(
    inputKey: { form in form == .legacy ? "prompt" : "input" },
    loadsModel: true,
    isSingle: { form in form == .legacy },
    readInputs: readInputs,
    readMember: readMember,
    writeRequest: { request, json, model, out throws(APIError) in try request.writeTexts(json, model, to: &out) },
    readAnswer: readAnswer,
    writeAnswer: write)

  // MARK: Requests

  /// A text, or texts where there may be several; without one the model is only loaded.
  private static func readInputs(
    _ request: inout EmbeddingsRequest, _ value: JSONValue, _ json: Span<UInt8>
  ) throws(APIError) {
    if value.kind == .null { return }
    if let text = EscapedText(value) {
      if !text.isEmpty { request.inputs = [.text(text)] }
      return
    }
    if request.endpoint.form == .legacy { throw .invalid("prompt", "must be a string") }
    guard value.kind == .array else { throw .invalid("input", "must be a string or a list of strings") }
    try EmbeddingsRequest.check(count: value, "input")
    request.inputs.reserveCapacity(Int(value.elements))
    for element in JSONLists.elements(of: value, in: json) {
      guard let text = EscapedText(element) else { throw .invalid("input", "must hold only strings") }
      request.inputs.append(.text(text))
    }
  }

  private static func readMember(
    _ request: inout EmbeddingsRequest, _ member: Member, _ json: Span<UInt8>
  ) throws(APIError) {
    if member.keyEquals("model", in: json) {
      try request.read(model: member, json)
    } else if member.keyEquals("dimensions", in: json) {
      try request.read(dimensions: member, "dimensions", json)
    } else {
      if member.keyEquals("keep_alive", in: json) { request.isModelUnload = member.value.double(in: json) == 0 }
      request.drop(member, json)
    }
  }

  // MARK: Answers

  private static func readAnswer(_ answer: inout EmbeddingsAnswer, _ member: Member, _ json: Span<UInt8>) {
    if member.keyEquals("embeddings", in: json), member.value.kind == .array {
      answer.vectors = JSONLists.elements(of: member.value, in: json)
    } else if member.keyEquals("embedding", in: json) {
      // An empty vector answers a request that only loads a model.
      let isEmpty = member.value.kind == .array && member.value.elements == 0
      answer.vectors = isEmpty ? [] : [member.value]
    } else if member.keyEquals("prompt_eval_count", in: json) {
      answer.promptTokens = ChatStream.count(member, json)
    }
  }

  private static func write(
    _ answer: EmbeddingsAnswer, _ json: Span<UInt8>, _ form: EmbeddingsForm, _ usage: Usage,
    _ label: AnswerMetadata,
    to out: inout [UInt8]
  ) throws(AttemptFailure) {
    if form.isSingle {
      out.append("{\"embedding\":")
      try answer.appendFirst(json, to: &out)
      return out.append("}")
    }
    out.append("{\"model\":")
    out.append(contentsOf: label.modelToken)
    out.append(",\"embeddings\":[")
    try answer.appendAll(json, to: &out)
    out.append("],\"total_duration\":0,\"load_duration\":0")
    Writer.member("prompt_eval_count", usage.prompt, to: &out)
    out.append("}")
  }

  /// Returns the answer to a request without an input, which only loads a model.
  static func loaded(_ label: AnswerMetadata, _ form: CallEndpoint.Form) -> [UInt8] {
    var out: [UInt8] = []
    if form == .legacy {
      out.append("{\"embedding\":[]}")
    } else {
      out.append("{\"model\":")
      out.append(contentsOf: label.modelToken)
      out.append(",\"embeddings\":[]}")
    }
    return out
  }
}
