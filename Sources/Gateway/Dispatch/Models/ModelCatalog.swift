/// A catalog of models: their context and output lengths, capabilities, and prices.
///
/// It is read from a dated file (`ModelCatalog+Read.swift`), and the configuration takes precedence. A model that is
/// not in it is unknown, which does not mean free, small, or incapable.
struct ModelCatalog: Sendable {
  struct Model: Equatable, Sendable {
    /// The display name of the provider type.
    var provider: String
    var name: String
    /// The context length in tokens.
    var context: Int?
    /// The most tokens of an answer.
    var output: Int?
    /// Its capabilities; `nil` if unknown.
    var capabilities: ModelCapabilities?
    /// The lowest `above` first; empty if the price is unknown.
    var prices: [TokenPrices] = []
  }

  /// A model, and whether it has the requested name; otherwise the name is a version of it.
  struct Found: Equatable, Sendable {
    var model: Model
    var isExact: Bool
  }

  /// The date of the data, such as `2026-11-24`.
  private(set) var date = ""
  private(set) var models: [Model] = []
  private var byProvider: [String: Int] = [:]
  private var byName: [String: Int] = [:]

  init() {}

  init(date: String, _ models: [Model]) {
    self.date = date
    for model in models { set(model) }
  }

  /// Adds a model, replacing one with the same provider and name.
  mutating func set(_ model: Model) {
    let key = model.provider + "/" + model.name
    if let index = byProvider[key] {
      models[index] = model
      return
    }
    byProvider[key] = models.count
    if byName[model.name] == nil { byName[model.name] = models.count }
    models.append(model)
  }

  /// Returns the entry of a model at a provider type, or else that of the same name at another one, without its
  /// prices. A version of a model finds the model.
  func find(_ name: String, provider: String) -> Found? {
    var name = Substring(name)
    var isExact = true
    while true {
      if let index = byProvider[provider + "/" + name] { return Found(model: models[index], isExact: isExact) }
      if let index = byName[String(name)] ?? byName[String(Self.withoutMaker(name))] {
        var model = models[index]
        model.prices = []
        return Found(model: model, isExact: false)
      }
      guard let shorter = Self.withoutVersion(name) else { return nil }
      name = shorter
      isExact = false
    }
  }

  private static func withoutMaker(_ name: Substring) -> Substring {
    name.lastIndex(of: "/").map { name[name.index(after: $0)...] } ?? name
  }

  /// Returns the name without a tag or a date at its end, as in `gpt-4o-2024-08-06`, `gpt-4-0613`, `llama3.1:8b`, and
  /// `claude-sonnet-4-5@20250929`.
  static func withoutVersion(_ name: Substring) -> Substring? {
    if let tag = name.lastIndex(where: { $0 == ":" || $0 == "@" }) {
      return tag > name.startIndex ? name[..<tag] : nil
    }
    guard let cut = name.lastIndex(of: "-"), cut > name.startIndex else { return nil }
    let last = name[name.index(after: cut)...]
    if ["latest", "preview", "exp"].contains(last) { return name[..<cut] }
    guard last.utf8.allSatisfy({ $0.isDecimal }) else { return nil }
    switch last.utf8.count {
    case 4, 6, 8: return name[..<cut]
    // A day, if a month and a year precede it.
    case 2:
      let parts = name.split(separator: "-")
      guard parts.count > 3, parts[parts.count - 2].utf8.count == 2, parts[parts.count - 3].utf8.count == 4 else {
        return nil
      }
      return name.dropLast(11)
    default: return nil
    }
  }
}

extension ModelCatalog.Model {
  /// Returns the cost of tokens in 10^-12 US dollars; `nil` if the price is unknown.
  func cost(_ spent: TokenBreakdown) -> UInt64? { prices.cost(spent) }
}
