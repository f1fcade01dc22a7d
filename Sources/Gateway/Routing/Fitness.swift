/// What a request needs of whoever answers it.
struct Needs: Equatable, Sendable {
  var abilities: ModelAbilities = []
  /// Characters of its prompt.
  var characters = 0

  /// Characters of a token, about; and as many as a token of prose or code hardly ever has.
  static let usualToken = 4
  private static let longToken = 8

  /// Tokens of the prompt, about.
  var tokens: Int { characters / Self.usualToken }
  /// Rather too few than too many: who counts more than there are refuses what would have fitted.
  var tokensAtLeast: Int { characters / Self.longToken }

  /// Whether a model can do it, as far as is known: what is not known is not held against it.
  func fit(_ model: ModelCatalog.Model?) -> Fit {
    guard let model else { return .fits }
    if let context = model.context, tokensAtLeast > context { return .tooLong(context: context) }
    if let can = model.abilities {
      let missing = abilities.subtracting(can)
      if !missing.isEmpty { return .lacks(missing) }
    }
    if let context = model.context, tokens > context { return .tight }
    return .fits
  }
}

/// Whether a model can do what a request needs.
enum Fit: Equatable, Sendable {
  case fits
  /// The prompt may have more tokens than it reads.
  case tight
  case lacks(ModelAbilities)
  /// The prompt has more tokens than it reads.
  case tooLong(context: Int)
}

/// Which candidates can do what a request needs.
struct Fitness: Equatable, Sendable {
  /// Those that cannot, by their position: for `Asking.out`.
  private(set) var unfit = SmallSet()
  /// Those that perhaps cannot: for when nobody else can be asked.
  private(set) var tight = SmallSet()
  /// For each candidate.
  private(set) var fits: [Fit] = []

  /// Looks at what is known of every candidate.
  init(_ models: [ModelCatalog.Model?], _ needs: Needs) {
    for (position, model) in models.enumerated() {
      let fit = needs.fit(model)
      fits.append(fit)
      switch fit {
      case .fits: break
      case .tight: tight.insert(position)
      case .lacks, .tooLong: unfit.insert(position)
      }
    }
  }

  /// Whether nobody can do it.
  var isHopeless: Bool { !fits.isEmpty && unfit.count == fits.count }

  /// Why nobody can do it, for the caller; nil when somebody can.
  ///
  /// That the prompt is too long comes first, in the words by which agents know that they have to shorten it. Source: the
  /// errors of OpenAI (`context_length_exceeded`), Anthropic and Gemini.
  func refusal(_ needs: Needs, _ dialect: Dialect) -> Refusal? {
    guard isHopeless else { return nil }
    let contexts = fits.map { if case .tooLong(let context) = $0 { context } else { 0 } }
    if let largest = contexts.max(), largest > 0 {
      let sentence =
        switch dialect {
        case .anthropic: "prompt is too long: \(needs.tokens) tokens > \(largest) maximum"
        case .gemini:
          "The input token count (\(needs.tokens)) exceeds the maximum number of tokens allowed (\(largest))."
        case .openAI, .responses, .ollama:
          "This model's maximum context length is \(largest) tokens. However, your messages resulted in about "
            + "\(needs.tokens) tokens. Please reduce the length of the messages."
        }
      return Refusal(400, .contextLength, sentence, param: "messages")
    }
    var missing = ModelAbilities()
    for case .lacks(let abilities) in fits { missing.formUnion(abilities) }
    return Refusal(
      400, .invalidValue,
      "No provider of this model can do what the request needs: \(missing.names.joined(separator: ", ")). If one can, "
        + "say so with `can` in a [[models]] of the configuration.", param: "model")
  }
}
