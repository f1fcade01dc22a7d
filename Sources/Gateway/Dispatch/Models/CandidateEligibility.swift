/// The requirements that a request has of a model.
struct Requirements: Equatable, Sendable {
  /// The kind of call that the provider must offer.
  var call = CallKind.chat
  var capabilities: ModelCapabilities = []
  /// The number of characters of the prompt.
  var characters = 0
  /// Whether the caller asks for a larger context than usual.
  var mayReadMore = false

  /// The typical number of characters per token, and one that prose and code hardly ever exceed.
  static let charactersPerToken = 4
  private static let charactersPerTokenMax = 8

  /// The estimated tokens of the prompt.
  var tokens: Int { characters / Self.charactersPerToken }
  /// A low estimate of the tokens: a high one would reject prompts that fit.
  var tokensAtLeast: Int { characters / Self.charactersPerTokenMax }

  /// Returns whether a model satisfies the requirements. An unknown property never counts against a model, and an
  /// uncertain one only makes it a last resort.
  func eligibility(_ known: KnownModels.Known?) -> Eligibility {
    guard let known else { return .eligible }
    let missing = known.model.capabilities.map { capabilities.subtracting($0) } ?? []
    if let context = known.model.context {
      if tokensAtLeast > context, known.isContextSure, !mayReadMore { return .contextTooSmall(context: context) }
      if missing.isEmpty, tokens > context { return .uncertain }
    }
    return missing.isEmpty ? .eligible : .missing(missing, isSure: known.areCapabilitiesSure)
  }
}

/// Whether a model satisfies the requirements of a request.
enum Eligibility: Equatable, Sendable {
  case eligible
  /// The prompt may exceed the context length.
  case uncertain
  /// The model lacks capabilities; `isSure` if the configuration says so, not only the catalog.
  case missing(ModelCapabilities, isSure: Bool)
  /// The prompt exceeds the context length.
  case contextTooSmall(context: Int)
  /// The provider's dialect has no calls of this kind.
  case notOffered(CallKind)
}

/// The eligibility of each candidate for a request.
struct CandidateEligibility: Equatable, Sendable {
  /// The positions of the candidates that are ineligible, for `SelectionInput.excluded`.
  private(set) var ineligible = BitSet128()
  /// The positions of the candidates that are a last resort.
  private(set) var uncertain = BitSet128()
  /// The eligibility by position.
  private(set) var candidates: [Eligibility] = []

  /// Compares every candidate with the requirements. `dialects` are those of the providers; empty for a chat, which every
  /// provider offers.
  init(_ models: [KnownModels.Known?], _ requirements: Requirements, dialects: [Dialect] = []) {
    candidates = models.map(requirements.eligibility)
    for (position, dialect) in dialects.enumerated() where dialect.row.path(of: requirements.call) == nil {
      candidates[position] = .notOffered(requirements.call)
    }
    let hasEligible = candidates.contains { $0 == .eligible || $0 == .uncertain }
    for (position, candidate) in candidates.enumerated() {
      switch candidate {
      case .eligible: break
      case .uncertain: uncertain.insert(position)
      // If no candidate has the capability according to the catalog alone, let the providers decide.
      case .missing(_, let isSure): if isSure || hasEligible { ineligible.insert(position) }
      case .contextTooSmall, .notOffered: ineligible.insert(position)
      }
    }
  }

  /// Whether all candidates are ineligible.
  var hasNone: Bool { !candidates.isEmpty && ineligible.count == candidates.count }

  /// Returns the API error for a request without an eligible candidate; `nil` if there is one.
  ///
  /// A prompt that is too long comes first, in the wording by which agents know to shorten it. Source: the errors of
  /// OpenAI (`context_length_exceeded`), Anthropic, and Gemini.
  func apiError(_ requirements: Requirements, _ dialect: Dialect) -> APIError? {
    guard hasNone else { return nil }
    if candidates.allSatisfy({ $0 == .notOffered(requirements.call) }) {
      return APIError(
        400, .invalidValue,
        "No provider of this model offers \(requirements.call.rawValue). Use a model of another provider.",
        param: "model")
    }
    let contexts = candidates.map { if case .contextTooSmall(let context) = $0 { context } else { 0 } }
    if let largest = contexts.max(), largest > 0 {
      let sentence = dialect.row.contextTooLong(requirements.tokens, largest)
      return APIError(400, .contextLength, sentence, param: "messages")
    }
    var missing = ModelCapabilities()
    for case .missing(let capabilities, _) in candidates { missing.formUnion(capabilities) }
    return APIError(
      400, .invalidValue,
      "No provider of this model can do what the request needs: \(missing.names.joined(separator: ", ")). If one can, "
        + "say so with `can` in a [[models]] of the configuration.", param: "model")
  }
}
