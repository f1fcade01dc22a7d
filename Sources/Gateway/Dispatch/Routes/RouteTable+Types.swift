// The input of a route table.

extension RouteTable {
  /// A provider as routing sees it; its index is its position in the list.
  public struct Provider: Sendable {
    /// The name before the slash in `PROVIDER/MODEL`; it contains no slash.
    public let name: String
    let id: ProviderID
    /// The lower number comes first.
    public var priority: Int
    /// The share of requests for the strategy `weighted`; with 0, it is selected only if no other is available.
    public var weight: Int
    /// Whether the provider runs on this machine.
    public var isLocal: Bool
    /// Model names, and patterns in which `*` stands for any characters; an empty list means every model.
    public var models: [String]
    /// The models that the provider lists; `nil` if its list is not known. Without patterns it serves these alone.
    var listed: [String]?
    /// Whether there is no other provider, so that a model which it does not list goes to it all the same.
    var isOnly: Bool
    /// Whether another provider than those of this machine may answer for a model that this provider has.
    var allowsHostedFallback: Bool
    /// Aliases of its models, each with the model as its meaning.
    public var aliases: [Rename]
    /// The provider's own names for models that others call differently. A `*` on both sides keeps what it matched.
    public var upstreamNames: [Rename]

    public init(
      _ name: String, priority: Int = 10, weight: Int = 1, isLocal: Bool = false, models: [String] = [],
      listed: [String]? = nil, isOnly: Bool = false, allowsHostedFallback: Bool = false,
      aliases: [Rename] = [], upstreamNames: [Rename] = []
    ) {
      self.name = name
      id = ProviderID(name: name)
      self.priority = priority
      self.weight = weight
      self.isLocal = isLocal
      self.models = models
      self.listed = listed
      self.isOnly = isOnly
      self.allowsHostedFallback = allowsHostedFallback
      self.aliases = aliases
      self.upstreamNames = upstreamNames
    }

    /// Returns the provider's name for a model.
    public func upstreamName(_ model: String) -> String {
      if upstreamNames.isEmpty { return model }
      if let exact = upstreamNames.first(where: { $0.name.utf8.elementsEqual(model.utf8) }) { return exact.meaning }
      var best: (name: String, bytes: Int)?
      for rename in upstreamNames {
        guard let renamed = rename.applied(to: model) else { continue }
        if rename.name.utf8.count > best?.bytes ?? 0 { best = (renamed, rename.name.utf8.count) }
      }
      return best?.name ?? model
    }

    /// Returns the names by which callers get a model that the provider lists. There is none if the provider's names hide it.
    func callersNames(of model: String) -> [String] {
      if upstreamNames.isEmpty { return [model] }
      let others = upstreamNames.compactMap { rename in
        rename.name.utf8.contains(UInt8(ascii: "*"))
          ? Rename(rename.meaning, rename.name).applied(to: model)
          : rename.meaning.utf8.elementsEqual(model.utf8) ? rename.name : nil
      }
      return ([model] + others).filter { upstreamName($0).utf8.elementsEqual(model.utf8) }
    }
  }

  /// A name and its replacement.
  public struct Rename: Equatable, Sendable {
    /// The name in a request.
    public var name: String
    /// The name that it stands for.
    public var meaning: String
    /// Whether a model of this machine that is requested by this name may be answered from elsewhere.
    public var allowsHostedFallback: Bool

    public init(_ name: String, _ meaning: String, allowsHostedFallback: Bool = false) {
      self.name = name
      self.meaning = meaning
      self.allowsHostedFallback = allowsHostedFallback
    }

    /// Returns the meaning with the characters that the `*` of the name matched; `nil` if the name has no `*` or does
    /// not match.
    func applied(to model: String) -> String? {
      let star = UInt8(ascii: "*")
      let text = Array(name.utf8)
      guard let place = text.firstIndex(of: star) else { return nil }
      let model = Array(model.utf8)
      let end = text[(place + 1)...]
      guard model.count >= text.count - 1, model.starts(with: text[..<place]) else { return nil }
      guard model.suffix(end.count).elementsEqual(end) else { return nil }
      var out: [UInt8] = []
      for byte in meaning.utf8 {
        if byte == star { out += model[place..<model.count - end.count] } else { out.append(byte) }
      }
      return String(decoding: out, as: UTF8.self)
    }
  }

  /// A virtual model: a name that stands for several models.
  public struct VirtualModel: Sendable {
    public var name: String
    public var targets: [Target]
    /// Whether all targets are used together, by weight; otherwise each is the fallback of the one before.
    public var isPool: Bool
    /// The strategy for its candidates, if it has one of its own.
    public var strategy: Strategy?

    public init(_ name: String, _ targets: [Target], isPool: Bool = false, strategy: Strategy? = nil) {
      self.name = name
      self.targets = targets
      self.isPool = isPool
      self.strategy = strategy
    }
  }

  /// A model behind a virtual model: any name that a caller could use.
  public struct Target: Sendable {
    public var model: String
    public var weight: Int

    public init(_ model: String, weight: Int = 1) {
      self.model = model
      self.weight = weight
    }
  }
}

/// An error in the routes of a configuration.
public enum RouteTableError: Error, Equatable, Sendable {
  case tooManyProviders
  /// There are more than `WildcardPatterns.countMax` patterns with a `*` elsewhere than at the end.
  case tooManyPatterns
  /// A virtual model has more than `RouteTable.candidatesMax` candidates.
  case tooManyCandidates(String)
  /// A weight is negative or above `RouteTable.weightMax`.
  case badWeight(String)
  /// The name of a provider is empty or contains a slash.
  case badName(String)
}

extension RouteTableError: CustomStringConvertible {
  /// A sentence that says what to change.
  public var description: String {
    switch self {
    case .tooManyProviders: "There may be at most \(RouteTable.providersMax) providers."
    case .tooManyPatterns:
      "There may be at most \(WildcardPatterns.countMax / 2) patterns with `*` in front or in the middle."
    case .tooManyCandidates(let name):
      "The model `\(name)` has more than \(RouteTable.candidatesMax) candidates; name fewer targets."
    case .badWeight(let name): "The weight of `\(name)` must be from 0 to \(RouteTable.weightMax)."
    case .badName(let name): "`\(name)` cannot be the name of a provider: it must have bytes, and no slash."
    }
  }
}
