/// Embeddings in OpenAI's dialect. Source: OpenAI API reference, "Create embeddings".
enum CompletionsEmbeddings {
  static let format = EmbeddingsFormat(
    inputKey: { _ in "input" },
    encoding: .float,
    readInputs: readInputs,
    readMember: readMember,
    writeRequest: { request, json, model, out throws(APIError) in try request.writeTexts(json, model, to: &out) },
    readAnswer: readAnswer,
    answersNameModel: true,
    writeAnswer: write)

  // MARK: Requests

  /// A text, texts, the token IDs of one, or of several.
  private static func readInputs(
    _ request: inout EmbeddingsRequest, _ value: JSONValue, _ json: Span<UInt8>
  ) throws(APIError) {
    if let text = EscapedText(value) { return request.inputs = [.text(text)] }
    guard value.kind == .array else { throw invalidInput }
    if value.elements == 0 { throw .invalid("input", "must not be empty") }
    let elements = JSONLists.elements(of: value, in: json)
    if elements[0].kind == .number { return request.inputs = [try tokens(value, json)] }
    try EmbeddingsRequest.check(count: value, "input")
    request.inputs.reserveCapacity(elements.count)
    for element in elements {
      if element.kind != elements[0].kind { throw .invalid("input", "must hold values of one kind") }
      if let text = EscapedText(element) {
        request.inputs.append(.text(text))
      } else {
        request.inputs.append(try tokens(element, json))
      }
    }
  }

  private static let invalidInput = APIError.invalid(
    "input", "must be a string, a list of strings, or lists of token IDs")

  private static func tokens(_ value: JSONValue, _ json: Span<UInt8>) throws(APIError) -> EmbeddingsRequest.Input {
    guard value.elements > 0, JSONLists.isListOfIDs(value, in: json) else { throw invalidInput }
    return .tokens(value.slice)
  }

  private static func readMember(
    _ request: inout EmbeddingsRequest, _ member: Member, _ json: Span<UInt8>
  ) throws(APIError) {
    if member.keyEquals("model", in: json) {
      try request.read(model: member, json)
    } else if member.keyEquals("dimensions", in: json) {
      try request.read(dimensions: member, "dimensions", json)
    } else if member.keyEquals("encoding_format", in: json) {
      if member.value.kind == .null || member.value.equals("float", in: json) { return }
      guard member.value.equals("base64", in: json) else {
        throw .invalid("encoding_format", "must be float or base64")
      }
      request.encoding = .base64
    } else {
      request.drop(member, json)
    }
  }

  // MARK: Answers

  private static func readAnswer(_ answer: inout EmbeddingsAnswer, _ member: Member, _ json: Span<UInt8>) {
    if member.keyEquals("data", in: json), member.value.kind == .array {
      answer.vectors = vectors(member.value, json)
    } else if member.keyEquals("usage", in: json) {
      answer.readTokens("prompt_tokens", in: member, json)
    }
  }

  /// Returns the vectors in the order of their numbers.
  private static func vectors(_ data: JSONValue, _ json: Span<UInt8>) -> [JSONValue] {
    var numbered: [(number: Int64, vector: JSONValue)] = []
    numbered.reserveCapacity(Int(data.elements))
    for (position, element) in JSONLists.elements(of: data, in: json).enumerated() {
      let fields = JSONLists.members(of: element, in: json)
      guard let vector = fields.value("embedding", in: json) else { continue }
      let number = fields.value("index", in: json)?.integer(in: json)
      numbered.append((number ?? Int64(position), vector))
    }
    let isSorted = zip(numbered, numbered.dropFirst()).allSatisfy { $0.number <= $1.number }
    if !isSorted { numbered.sort { $0.number < $1.number } }
    return numbered.map(\.vector)
  }

  private static func write(
    _ answer: EmbeddingsAnswer, _ json: Span<UInt8>, _ form: EmbeddingsForm, _ usage: Usage,
    _ label: AnswerMetadata,
    to out: inout [UInt8]
  ) throws(AttemptFailure) {
    out.append("{\"object\":\"list\",\"data\":[")
    for (index, vector) in (answer.vectors ?? []).enumerated() {
      Writer.separate(&out)
      out.append("{\"object\":\"embedding\",\"index\":")
      out.append(decimal: index)
      out.append(",\"embedding\":")
      try FloatVector.append(vector, json, as: form.encoding ?? .float, to: &out)
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
}
