/// What a request needs of whoever answers it.
struct Needs: Equatable, Sendable {
  var abilities: ModelCatalog.Abilities = []
  /// Tokens of the prompt, rather too few than too many: who estimates more than there are refuses what would have
  /// fitted.
  var promptTokens = 0

  /// Whether a model can do it, as far as is known: what is not known is not held against it.
  func fit(_ model: ModelCatalog.Model?) -> Fit {
    guard let model else { return .fits }
    if let context = model.context, promptTokens > context { return .tooLong(context: context) }
    if let can = model.abilities {
      let missing = abilities.subtracting(can)
      if !missing.isEmpty { return .lacks(missing) }
    }
    return .fits
  }
}

/// Whether a model can do what a request needs.
enum Fit: Equatable, Sendable {
  case fits
  case lacks(ModelCatalog.Abilities)
  /// The prompt has more tokens than it reads.
  case tooLong(context: Int)
}

/// Which candidates can do what a request needs.
struct Fitness: Equatable, Sendable {
  /// Those that cannot, by their position: for `Asking.out`.
  private(set) var unfit = SmallSet()
  /// For each candidate.
  private(set) var fits: [Fit] = []

  /// Looks at every candidate; `model` knows what the catalog says of it.
  init(_ candidates: [RouteCandidate], _ needs: Needs, _ model: (RouteCandidate) -> ModelCatalog.Model?) {
    for (position, candidate) in candidates.enumerated() {
      let fit = needs.fit(model(candidate))
      fits.append(fit)
      if fit != .fits { unfit.insert(position) }
    }
  }

  /// Whether nobody can do it.
  var isHopeless: Bool { !fits.isEmpty && !fits.contains(.fits) }

  /// Why nobody can do it, as a sentence for the caller; nil when somebody can.
  ///
  /// That the prompt is too long comes first, in the words by which agents know that they have to shorten it. Source:
  /// OpenAI's message of `context_length_exceeded`, which other servers have taken over.
  func refusal(_ needs: Needs) -> (sentence: String, isTooLong: Bool)? {
    guard isHopeless else { return nil }
    let contexts = fits.map { if case .tooLong(let context) = $0 { context } else { 0 } }
    if let largest = contexts.max(), largest > 0 {
      return (
        "This model's maximum context length is \(largest) tokens. However, your messages resulted in about "
          + "\(needs.promptTokens) tokens. Please reduce the length of the messages.", true
      )
    }
    var missing = ModelCatalog.Abilities()
    for case .lacks(let abilities) in fits { missing.formUnion(abilities) }
    return (
      "No provider of this model can do what the request needs: \(missing.names.joined(separator: ", ")).", false
    )
  }
}
