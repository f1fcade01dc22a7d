/// What a request needs of whoever answers it.
struct Needs: Equatable, Sendable {
  var abilities: ModelAbilities = []
  /// Characters of its prompt.
  var characters = 0
  /// Whether the caller asks for a larger context than the usual one.
  var mayReadMore = false

  /// Characters of a token, about; and as many as a token of prose or code hardly ever has.
  static let usualToken = 4
  private static let longToken = 8

  /// Tokens of the prompt, about.
  var tokens: Int { characters / Self.usualToken }
  /// Rather too few than too many: who counts more than there are refuses what would have fitted.
  var tokensAtLeast: Int { characters / Self.longToken }

  /// Whether a model can do it, as far as is known: what is not known is not held against it, and what is only believed
  /// does no more than leave it for last.
  func fit(_ known: KnownModels.Known?) -> Fit {
    guard let known else { return .fits }
    let missing = known.model.abilities.map { abilities.subtracting($0) } ?? []
    if let context = known.model.context {
      if tokensAtLeast > context, known.isContextSure, !mayReadMore { return .tooLong(context: context) }
      if missing.isEmpty, tokens > context { return .tight }
    }
    return missing.isEmpty ? .fits : .lacks(missing, isSure: known.isAbilitySure)
  }
}

/// Whether a model can do what a request needs.
enum Fit: Equatable, Sendable {
  case fits
  /// The prompt may have more tokens than it reads.
  case tight
  /// What it cannot, and whether that is more than the catalog's word.
  case lacks(ModelAbilities, isSure: Bool)
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
  init(_ models: [KnownModels.Known?], _ needs: Needs) {
    fits = models.map(needs.fit)
    let canSome = fits.contains { $0 == .fits || $0 == .tight }
    for (position, fit) in fits.enumerated() {
      switch fit {
      case .fits: break
      case .tight: tight.insert(position)
      // Where the catalog alone says that nobody can, whoever is asked will say.
      case .lacks(_, let isSure): if isSure || canSome { unfit.insert(position) }
      case .tooLong: unfit.insert(position)
      }
    }
  }

  /// Whether nobody can do it.
  var isHopeless: Bool { !fits.isEmpty && unfit.count == fits.count }

  /// Why nobody can do it, for the caller; nil when somebody can.
  ///
  /// That the prompt is too long comes first, in the words by which agents know that they have to shorten it. Source: the
  /// errors of OpenAI (`context_length_exceeded`), Anthropic and Gemini.
  func apiError(_ needs: Needs, _ dialect: Dialect) -> APIError? {
    guard isHopeless else { return nil }
    let contexts = fits.map { if case .tooLong(let context) = $0 { context } else { 0 } }
    if let largest = contexts.max(), largest > 0 {
      let sentence = dialect.row.contextTooLong(needs.tokens, largest)
      return APIError(400, .contextLength, sentence, param: "messages")
    }
    var missing = ModelAbilities()
    for case .lacks(let abilities, _) in fits { missing.formUnion(abilities) }
    return APIError(
      400, .invalidValue,
      "No provider of this model can do what the request needs: \(missing.names.joined(separator: ", ")). If one can, "
        + "say so with `can` in a [[models]] of the configuration.", param: "model")
  }
}
