/// The request in another dialect than the caller's.
extension EmbeddingsRequest {
  /// Whether an upstream of the dialect takes the caller's bytes, apart from the model's name.
  func passes(to dialect: Dialect) -> Bool { endpoint.dialect == dialect }

  /// Returns the form in which the caller reads the vectors.
  var form: EmbeddingsForm {
    EmbeddingsForm(dialect: endpoint.dialect, isSingle: isSingle, count: inputs.count, encoding: encoding)
  }

  /// Writes the request in another dialect than the caller's; `json` is the caller's body.
  func write(_ json: Span<UInt8>, in dialect: Dialect, model: String) throws(APIError) -> WrittenRequest {
    if inputs.isEmpty { throw ChatRequest.invalid("input", "must have something to embed") }
    if hasMixedDimensions {
      throw ChatRequest.invalid(
        "requests", "must all have the same outputDimensionality: this model's provider takes only one")
    }
    var written = WrittenRequest(dropped: dropped)
    written.body.append("{")
    switch dialect {
    case .gemini: try writeBatch(json, model, to: &written.body)
    case .openAI, .responses, .anthropic, .ollama:
      Writer.member("model", model, to: &written.body)
      Writer.key("input", to: &written.body)
      try writeTexts(json, to: &written.body)
      if let dimensions { Writer.member("dimensions", Int(dimensions), to: &written.body) }
    }
    written.body.append("}")
    return written
  }

  private func writeTexts(_ json: Span<UInt8>, to out: inout [UInt8]) throws(APIError) {
    out.append("[")
    for (index, input) in inputs.enumerated() {
      Writer.separate(&out)
      try text(input, at: index).appendQuoted(to: &out, from: json)
    }
    out.append("]")
  }

  private func writeBatch(
    _ json: Span<UInt8>, _ model: String, to out: inout [UInt8]
  ) throws(APIError) {
    let name = Writer.string("models/" + model)
    out.append("\"requests\":[")
    for (index, input) in inputs.enumerated() {
      Writer.separate(&out)
      out.append("{\"model\":")
      out.append(contentsOf: name)
      out.append(",\"content\":{\"parts\":[{\"text\":")
      try text(input, at: index).appendQuoted(to: &out, from: json)
      out.append("}]}")
      if let dimensions { Writer.member("outputDimensionality", Int(dimensions), to: &out) }
      out.append("}")
    }
    out.append("]")
  }

  private func text(_ input: Input, at index: Int) throws(APIError) -> EscapedText {
    switch input {
    case .text(let text): return text
    case .tokens:
      throw ChatRequest.invalid(
        "input", "must be text: this model's provider does not take token IDs")
    case .media:
      throw ChatRequest.invalid(
        endpoint.form == .batch ? "requests[\(index)].content" : "content",
        "must have only parts with text: this model's provider takes nothing else")
    }
  }
}
