// What a table is compiled from.

extension RouteTable {
  /// What routing has to know of a provider; its index is its place in the list.
  public struct Provider: Sendable {
    /// What comes before a slash; it has no slash itself.
    public let name: String
    let id: ProviderID
    /// The lower number is asked first.
    public var priority: Int
    /// Its share where load is spread by weight; 0 means that it is only asked when nobody else can be.
    public var weight: Int
    /// Whether it runs on this machine.
    public var isLocal: Bool
    /// Names, and patterns with `*` for any run of characters; none means every model.
    public var models: [String]
    /// Other words for its models; the second name of each is the model's.
    public var aliases: [Rename]
    /// What it calls models that everybody else calls otherwise. A star on both sides keeps what it stands for.
    public var upstreamNames: [Rename]

    public init(
      _ name: String, priority: Int = 10, weight: Int = 1, isLocal: Bool = false, models: [String] = [],
      aliases: [Rename] = [], upstreamNames: [Rename] = []
    ) {
      self.name = name
      id = ProviderID(name: name)
      self.priority = priority
      self.weight = weight
      self.isLocal = isLocal
      self.models = models
      self.aliases = aliases
      self.upstreamNames = upstreamNames
    }

    /// What the provider calls a model.
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
  }

  /// One name for another.
  public struct Rename: Equatable, Sendable {
    /// What is said.
    public var name: String
    /// What is meant by it.
    public var meaning: String

    public init(_ name: String, _ meaning: String) {
      self.name = name
      self.meaning = meaning
    }

    /// The meaning with what the star of the name stands for; nil when the name has no star, or is not like that.
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

  /// A model that exists only here: a name for several others.
  public struct VirtualModel: Sendable {
    public var name: String
    public var targets: [Target]
    /// Whether all targets are asked alike, by weight; otherwise each is for when those before it failed.
    public var isPool: Bool
    /// How its candidates are picked, where that differs from the rest.
    public var strategy: Strategy?

    public init(_ name: String, _ targets: [Target], isPool: Bool = false, strategy: Strategy? = nil) {
      self.name = name
      self.targets = targets
      self.isPool = isPool
      self.strategy = strategy
    }
  }

  /// One model behind a virtual one: any name that a caller could say.
  public struct Target: Sendable {
    public var model: String
    public var weight: Int

    public init(_ model: String, weight: Int = 1) {
      self.model = model
      self.weight = weight
    }
  }
}

/// Why a configuration's routes cannot be a table.
public enum RouteTableError: Error, Equatable, Sendable {
  case tooManyProviders
  /// More than `WildcardPatterns.countMax` patterns with a star elsewhere than at the end.
  case tooManyPatterns
  /// A virtual model with more than `RouteTable.candidatesMax` candidates.
  case tooManyCandidates(String)
  /// A weight that is negative or above `RouteTable.weightMax`, and whose it is.
  case badWeight(String)
  /// A provider's name is empty or has a slash.
  case badName(String)
}

extension RouteTableError: CustomStringConvertible {
  /// The fault as a sentence that says what to change.
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
