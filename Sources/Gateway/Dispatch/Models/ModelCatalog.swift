/// What is known about models before anybody asks them: how much they read and write, what they can, what they cost.
///
/// It comes from a dated file of JSON lines (`ModelCatalog+Read.swift`), and the configuration may say otherwise. A
/// model that is not in it is unknown, which is not the same as free, small or unable.
struct ModelCatalog: Sendable {
  /// What tokens cost, by what they are; in millionths of a US dollar for a million tokens, which is 10^-12 US dollars
  /// for one. Classes without a price of their own have that of the class that they are part of.
  struct Prices: Equatable, Sendable {
    /// Tokens of a prompt above which these prices apply, to all of its tokens.
    var above = 0
    var input: UInt64
    var output: UInt64
    var cacheRead: UInt64?
    var cacheWrite: UInt64?
    /// For an hour rather than minutes.
    var cacheWriteLong: UInt64?
    var reasoning: UInt64?
    var audioIn: UInt64?
    var audioOut: UInt64?
  }

  struct Model: Equatable, Sendable {
    /// The kind of provider, by its display name.
    var provider: String
    var name: String
    /// Tokens that it reads at most.
    var context: Int?
    /// Tokens that it writes at most.
    var output: Int?
    /// What it can; nil when nobody has said.
    var capabilities: ModelCapabilities?
    /// The lowest `above` first; none when the price is unknown.
    var prices: [Prices] = []

    /// The prices for a prompt of so many tokens.
    func prices(forPrompt tokens: Int) -> Prices? { prices.last { $0.above <= tokens } ?? prices.first }
  }

  /// Tokens of a request by what they are; no token is in two classes.
  struct TokenBreakdown: Equatable, Sendable {
    var input = 0
    var cacheRead = 0
    var cacheWrite = 0
    var cacheWriteLong = 0
    var output = 0
    var reasoning = 0
    var audioIn = 0
    var audioOut = 0

    /// All that was read.
    var prompt: Int {
      [input, cacheRead, cacheWrite, cacheWriteLong, audioIn].reduce(0) {
        let (sum, overflow) = $0.addingReportingOverflow(max(0, $1))
        return overflow ? .max : sum
      }
    }
  }

  /// A model, and whether it is the very one that was asked for; otherwise it is the one that the name is a version of.
  struct Found: Equatable, Sendable {
    var model: Model
    var isExact: Bool
  }

  /// When what it says was true, as in `2026-11-24`.
  private(set) var date = ""
  private(set) var models: [Model] = []
  private var byProvider: [String: Int] = [:]
  private var byName: [String: Int] = [:]

  init() {}

  init(date: String, _ models: [Model]) {
    self.date = date
    for model in models { set(model) }
  }

  /// Adds a model, in place of one of the same provider and name.
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

  /// What is known of a model: of that kind of provider, or else of any other one's of that name, whose prices are not
  /// this one's. Versions count as their model.
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

  /// The name without a tag or a date at its end, as in `gpt-4o-2024-08-06`, `gpt-4-0613`, `llama3.1:8b` and
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
    // A day, if a month and a year stand before it.
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

extension ModelCatalog.Prices {
  /// What tokens cost, in 10^-12 US dollars; saturates.
  func cost(_ spent: ModelCatalog.TokenBreakdown) -> UInt64 {
    let parts: [(Int, UInt64)] = [
      (spent.input, input), (spent.output, output), (spent.cacheRead, cacheRead ?? input),
      (spent.cacheWrite, cacheWrite ?? input), (spent.cacheWriteLong, cacheWriteLong ?? cacheWrite ?? input),
      (spent.reasoning, reasoning ?? output), (spent.audioIn, audioIn ?? input),
      (spent.audioOut, audioOut ?? output),
    ]
    return parts.reduce(0) { sum, part in
      let (cost, isLarge) = UInt64(max(0, part.0)).multipliedReportingOverflow(by: part.1)
      let (total, overflow) = sum.addingReportingOverflow(cost)
      return isLarge || overflow ? .max : total
    }
  }
}

extension ModelCatalog.Model {
  /// What tokens cost here, in 10^-12 US dollars; nil when that is not known.
  func cost(_ spent: ModelCatalog.TokenBreakdown) -> UInt64? { prices(forPrompt: spent.prompt)?.cost(spent) }
}
