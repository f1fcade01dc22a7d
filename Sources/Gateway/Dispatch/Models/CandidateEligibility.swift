/// What a request needs of whoever answers it.
struct Requirements: Equatable, Sendable {
  var capabilities: ModelCapabilities = []
  /// Characters of its prompt.
  var characters = 0
  /// Whether the caller asks for a larger context than the usual one.
  var mayReadMore = false

  /// Characters of a token, about; and as many as a token of prose or code hardly ever has.
  static let charactersPerToken = 4
  private static let charactersPerTokenMax = 8

  /// Tokens of the prompt, about.
  var tokens: Int { characters / Self.charactersPerToken }
  /// Rather too few than too many: who counts more than there are refuses what would have fitted.
  var tokensAtLeast: Int { characters / Self.charactersPerTokenMax }

  /// Whether a model can do it, as far as is known: what is not known is not held against it, and what is only believed
  /// does no more than leave it for last.
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

/// Whether a model can do what a request needs.
enum Eligibility: Equatable, Sendable {
  case eligible
  /// The prompt may have more tokens than it reads.
  case uncertain
  /// What it cannot, and whether that is more than the catalog's word.
  case missing(ModelCapabilities, isSure: Bool)
  /// The prompt has more tokens than it reads.
  case contextTooSmall(context: Int)
}

/// Which candidates can do what a request needs.
struct CandidateEligibility: Equatable, Sendable {
  /// Those that cannot, by their position: for `Asking.out`.
  private(set) var ineligible = BitSet128()
  /// Those that perhaps cannot: for when nobody else can be asked.
  private(set) var uncertain = BitSet128()
  /// For each candidate.
  private(set) var candidates: [Eligibility] = []

  /// Looks at what is known of every candidate.
  init(_ models: [KnownModels.Known?], _ requirements: Requirements) {
    candidates = models.map(requirements.eligibility)
    let hasEligible = candidates.contains { $0 == .eligible || $0 == .uncertain }
    for (position, candidate) in candidates.enumerated() {
      switch candidate {
      case .eligible: break
      case .uncertain: uncertain.insert(position)
      // Where the catalog alone says that nobody can, whoever is asked will say.
      case .missing(_, let isSure): if isSure || hasEligible { ineligible.insert(position) }
      case .contextTooSmall: ineligible.insert(position)
      }
    }
  }

  /// Whether nobody can do it.
  var hasNone: Bool { !candidates.isEmpty && ineligible.count == candidates.count }

  /// Why nobody can do it, for the caller; nil when somebody can.
  ///
  /// That the prompt is too long comes first, in the words by which agents know that they have to shorten it. Source: the
  /// errors of OpenAI (`context_length_exceeded`), Anthropic and Gemini.
  func apiError(_ requirements: Requirements, _ dialect: Dialect) -> APIError? {
    guard hasNone else { return nil }
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
