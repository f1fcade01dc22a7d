/// A request for embeddings in any dialect: its inputs where they lie in the body, and the form of the vectors.
///
/// Only inputs and dimensions exist in all dialects; every other field counts as dropped in a translation.
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
  var inputs: [Input] = []
  /// The value that holds the inputs.
  private(set) var prompt = Slice.empty
  var encoding: EmbeddingsForm.Encoding?
  private(set) var dimensions: Int64?
  /// Whether the inputs of one request differ in their dimensions.
  var hasMixedDimensions = false
  /// The fields that no other dialect has, by name.
  private(set) var dropped = DroppedFields()
  /// The places in the body that repeat the model's name of the path.
  var modelNames: [Slice] = []
  /// Whether a model is only loaded, or unloaded, by a request without an input.
  private(set) var isModelLoad = false
  var isModelUnload = false

  /// Reads and checks a request body; `model` is the model's name where the path has it.
  static func read(
    _ json: Span<UInt8>, for endpoint: CallEndpoint, model: String = ""
  ) throws(APIError) -> EmbeddingsRequest {
    guard let format = endpoint.dialect.row.embeddings else {
      throw APIError(404, .notFound, "This API has no embeddings.")
    }
    if endpoint.model != nil { try RequestRules.check(model: model) }
    var request = EmbeddingsRequest(endpoint, model: model, encoding: format.encoding)
    let apiError: APIError?
    do throws(JSONError) {
      apiError = try request.scan(json, format)
    } catch {
      throw RequestRules.malformed(error)
    }
    if let apiError { throw apiError }
    return request
  }

  private init(_ endpoint: CallEndpoint, model: String, encoding: EmbeddingsForm.Encoding?) {
    self.endpoint = endpoint
    self.model = model
    self.encoding = encoding
  }

  private mutating func scan(_ json: Span<UInt8>, _ format: EmbeddingsFormat) throws(JSONError) -> APIError? {
    let key = format.inputKey(endpoint.form)
    var apiError: APIError?
    var hasInput = format.loadsModel
    var members = try Scanner.root(json)
    while let member = try members.next(in: json) {
      // The first error is reported, but the whole text is checked.
      if apiError != nil { continue }
      do throws(APIError) {
        if member.keyEquals(key, in: json) {
          prompt = member.value.slice
          hasInput = true
          try format.readInputs(&self, member.value, json)
        } else {
          try format.readMember(&self, member, json)
        }
      } catch {
        apiError = error
      }
    }
    isModelLoad = format.loadsModel && inputs.isEmpty
    return apiError ?? RequestRules.missing(model: model, String(describing: key), isThere: hasInput)
  }

  // MARK: Members

  mutating func read(model member: Member, _ json: Span<UInt8>) throws(APIError) {
    model = try RequestRules.model(member, json)
    modelToken = member.value.slice
  }

  mutating func read(dimensions member: Member, _ field: String, _ json: Span<UInt8>) throws(APIError) {
    dimensions = try Self.dimensions(member.value, field, json)
  }

  /// Notes a member that other dialects do not have.
  mutating func drop(_ member: Member, _ json: Span<UInt8>) {
    if member.value.kind != .null { dropped.add(member.name(in: json)) }
  }

  /// Returns a number of dimensions; `nil` for null.
  static func dimensions(_ value: JSONValue, _ field: String, _ json: Span<UInt8>) throws(APIError) -> Int64? {
    if value.kind == .null { return nil }
    guard let number = value.integer(in: json), (1...Int64(Int32.max)).contains(number) else {
      throw .invalid(field, "must be a whole number of at least 1")
    }
    return number
  }

  /// Checks the number of inputs in a list.
  static func check(count value: JSONValue, _ field: String) throws(APIError) {
    guard value.elements > inputsMax else { return }
    throw .invalid(field, "may have at most \(inputsMax) inputs; this request has \(value.elements)")
  }

  /// Sets the dimensions of all inputs, given those of each.
  mutating func setDimensions(ofEach list: [Int64?]) {
    dimensions = list.lazy.compactMap { $0 }.first
    hasMixedDimensions = list.contains { $0 != dimensions }
  }

  // MARK: The same request for an upstream

  /// The form in which the caller reads the vectors.
  var form: EmbeddingsForm {
    EmbeddingsForm(
      dialect: endpoint.dialect, isSingle: endpoint.dialect.row.embeddings?.isSingle(endpoint.form) ?? false,
      count: inputs.count, encoding: encoding)
  }

  /// Returns the edits for a candidate of the caller's dialect that knows the model by another name.
  func edits(model served: String) -> Splice {
    var edits = Splice()
    if served == model { return edits }
    if let modelToken { edits.replace(modelToken, with: Writer.string(served).span) }
    let name = Writer.string("models/" + served)
    for slice in modelNames { edits.replace(slice, with: name.span) }
    return edits
  }

  /// Writes the request in another dialect than the caller's; `json` is the caller's body.
  func write(_ json: Span<UInt8>, in dialect: Dialect, model: String) throws(APIError) -> WrittenRequest {
    if inputs.isEmpty { throw .invalid("input", "must have something to embed") }
    if hasMixedDimensions {
      throw .invalid(
        "requests", "must all have the same outputDimensionality: this model's provider takes only one")
    }
    var written = WrittenRequest(dropped: dropped)
    written.body.append("{")
    try dialect.row.embeddings?.writeRequest(self, json, model, &written.body)
    written.body.append("}")
    return written
  }

  /// Returns an input as text.
  func text(_ index: Int) throws(APIError) -> EscapedText {
    switch inputs[index] {
    case .text(let text): return text
    case .tokens: throw .invalid("input", "must be text: this model's provider does not take token IDs")
    case .media:
      throw .invalid(
        endpoint.form == .batch ? "requests[\(index)].content" : "content",
        "must have only parts with text: this model's provider takes nothing else")
    }
  }

  /// Appends the members of a request with a model, a list of texts, and their dimensions.
  func writeTexts(_ json: Span<UInt8>, _ model: String, to out: inout [UInt8]) throws(APIError) {
    Writer.member("model", model, to: &out)
    Writer.key("input", to: &out)
    out.append("[")
    for index in inputs.indices {
      Writer.separate(&out)
      try text(index).appendQuoted(to: &out, from: json)
    }
    out.append("]")
    if let dimensions { Writer.member("dimensions", Int(dimensions), to: &out) }
  }
}
