/// The requests and answers for embeddings in one dialect.
struct EmbeddingsFormat: Sendable {
  // MARK: Requests

  /// Returns the member that holds the inputs.
  var inputKey: @Sendable (CallEndpoint.Form) -> StaticString
  /// Whether a request without inputs is valid, and loads or unloads its model.
  var loadsModel = false
  /// The encoding of the vectors unless the request names one; `nil` if the dialect has only numbers.
  var encoding: EmbeddingsForm.Encoding?
  /// Returns whether the answer has one vector outside a list.
  var isSingle: @Sendable (CallEndpoint.Form) -> Bool = { _ in false }
  /// Reads the value that holds the inputs.
  var readInputs: @Sendable (inout EmbeddingsRequest, JSONValue, Span<UInt8>) throws(APIError) -> Void
  /// Reads a member beside the inputs.
  var readMember: @Sendable (inout EmbeddingsRequest, Member, Span<UInt8>) throws(APIError) -> Void
  /// Appends the members of a request; the bytes are those of the caller's body.
  var writeRequest:
    @Sendable (EmbeddingsRequest, Span<UInt8>, _ model: String, _ out: inout [UInt8]) throws(APIError) -> Void

  // MARK: Answers

  /// Reads a member of an answer, apart from the model's name and an error.
  var readAnswer: @Sendable (inout EmbeddingsAnswer, Member, Span<UInt8>) -> Void
  /// Whether every answer names its model.
  var answersNameModel = false
  /// Appends an answer; the bytes are those of the upstream's.
  var writeAnswer:
    @Sendable (EmbeddingsAnswer, Span<UInt8>, EmbeddingsForm, Usage, AnswerMetadata, _ out: inout [UInt8])
      throws(AttemptFailure) -> Void
}

/// The form in which a caller reads vectors.
struct EmbeddingsForm {
  /// Numbers, or base64 of little-endian 32-bit floats.
  enum Encoding: Equatable { case float, base64 }

  let dialect: Dialect
  /// Whether the answer has one vector outside a list.
  let isSingle: Bool
  /// The number of inputs, and so of vectors.
  let count: Int
  /// `nil` if the caller's dialect has only numbers.
  let encoding: Encoding?
}
