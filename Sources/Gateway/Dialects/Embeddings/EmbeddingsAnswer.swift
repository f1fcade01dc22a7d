/// The vectors in an upstream's answer, where they lie in it.
struct EmbeddingsAnswer {
  /// Bytes of an answer: 2,048 vectors of 1,024 numbers have about 24 MB.
  static let bytesMax = 32 << 20

  /// Lists of numbers, or strings with base64, in the order of the inputs; `nil` if the answer has no place for vectors.
  var vectors: [JSONValue]?
  var promptTokens: Int?
  /// The members that name the model, and the place for one that is missing.
  private var models: [Member] = []
  private var brace = 0
  private var error: UpstreamError?

  /// Reads an answer in the dialect of its upstream.
  ///
  /// Throws `.malformed` for anything but an answer with `count` vectors, and `.error` for an error object.
  static func read(_ json: Span<UInt8>, in dialect: Dialect, count: Int) throws(AttemptFailure) -> EmbeddingsAnswer
  {
    var answer = EmbeddingsAnswer()
    do throws(JSONError) {
      try answer.scan(json, dialect)
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if let error = answer.error { throw .error(error) }
    guard let vectors = answer.vectors else { throw .malformed("the answer has no embeddings") }
    guard vectors.count == count else {
      throw .malformed("the answer has \(vectors.count) embeddings for \(count) inputs")
    }
    return answer
  }

  private mutating func scan(_ json: Span<UInt8>, _ dialect: Dialect) throws(JSONError) {
    let format = dialect.row.embeddings
    var members = try MemberCursor(whole: json)
    brace = members.offset - 1
    while let member = try members.next(in: json) {
      if member.keyEquals("model", in: json) {
        models.append(member)
      } else if member.keyEquals("error", in: json), !member.value.equals("", in: json) {
        error = try UpstreamErrorReader.value(member, json)
      } else {
        format?.readAnswer(&self, member, json)
      }
    }
  }

  /// Reads the tokens of the prompt, a member of an object.
  mutating func readTokens(_ name: StaticString, in usage: Member, _ json: Span<UInt8>) {
    for field in JSONLists.members(of: usage.value, in: json) where field.keyEquals(name, in: json) {
      promptTokens = ChatStream.count(field, json)
    }
  }

  // MARK: Writing

  /// Returns the edits for a caller of the upstream's dialect: the model's name as the caller wrote it, and vectors in
  /// the encoding that the caller asked for.
  func edits(
    _ json: Span<UInt8>, as form: EmbeddingsForm, modelToken: [UInt8]
  ) throws(AttemptFailure) -> Splice {
    var edits = Splice()
    for (index, member) in models.enumerated() {
      if index == 0 { edits.replace(member, with: modelToken.span) } else { edits.remove(member) }
    }
    if models.isEmpty, form.dialect.row.embeddings?.answersNameModel == true {
      edits.insert("model", modelToken.span, intoObjectAt: brace)
    }
    guard let encoding = form.encoding else { return edits }
    for vector in vectors ?? [] where (vector.kind == .string) != (encoding == .base64) {
      var text: [UInt8] = []
      try FloatVector.append(vector, json, as: encoding, to: &text)
      edits.replace(vector.slice, with: text.span)
    }
    return edits
  }

  /// Writes the answer in the caller's dialect.
  func write(
    _ json: Span<UInt8>, as form: EmbeddingsForm, _ usage: Usage, _ label: AnswerMetadata
  ) throws(AttemptFailure) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(json.count + 64 * (vectors?.count ?? 0) + 256)
    try form.dialect.row.embeddings?.writeAnswer(self, json, form, usage, label, &out)
    return out
  }

  /// Appends all vectors as lists of numbers.
  func appendAll(_ json: Span<UInt8>, to out: inout [UInt8]) throws(AttemptFailure) {
    for vector in vectors ?? [] {
      Writer.separate(&out)
      try FloatVector.append(vector, json, as: .float, to: &out)
    }
  }

  /// Appends the first vector, of an answer that has one.
  func appendFirst(_ json: Span<UInt8>, to out: inout [UInt8]) throws(AttemptFailure) {
    if let vector = vectors?.first { try FloatVector.append(vector, json, as: .float, to: &out) }
  }
}
