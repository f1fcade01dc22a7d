@testable import Gateway
import Testing

@Suite struct RouteTableTests {
  static func table(
    _ providers: [(Int, [String])], aliases: [(String, String)] = [], virtuals: [RouteTable.VirtualModel] = []
  ) throws -> RouteTable {
    try RouteTable(
      zip(["a", "b", "c", "d", "e", "f"], providers).map {
        RouteTable.Provider($0, priority: $1.0, models: $1.1)
      }, aliases: aliases.map { RouteTable.Rename($0.0, $0.1) }, virtuals: virtuals)
  }

  /// Returns the candidates of a name, in order, each with its model name.
  static func list(_ table: borrowing RouteTable, _ model: String) -> [String] {
    table.candidates(for: model).map { candidate in
      table.providers[candidate.provider].name + ":" + table.upstreamName(candidate, for: model)
    }
  }

  /// Returns the candidates of a name, in order.
  static func order(_ table: borrowing RouteTable, _ model: String) -> [Int] {
    table.candidates(for: model).map(\.provider)
  }

  // MARK: Patterns

  @Test func `the most specific pattern comes first`() throws {
    let table = try Self.table([
      (0, []), (0, ["*"]), (0, ["gpt-*"]), (0, ["gpt-5-*"]), (0, ["x", "gpt-5-mini"]), (0, ["other"]),
    ])
    #expect(Self.order(table, "gpt-5-mini") == [4, 3, 2, 0, 1])
    #expect(Self.order(table, "gpt-5-nano") == [3, 2, 0, 1])
    #expect(Self.order(table, "gpt-5-") == [3, 2, 0, 1])
    #expect(Self.order(table, "gpt-5") == [2, 0, 1])
    #expect(Self.order(table, "gpt-4") == [2, 0, 1])
    #expect(Self.order(table, "claude") == [0, 1])
    #expect(Self.order(table, "other") == [5, 0, 1])
    #expect(Self.order(table, "othe") == [0, 1])
    #expect(Self.order(table, "others") == [0, 1])
    #expect(Self.order(table, "") == [0, 1])
  }

  @Test func `among equals, priority decides, then the order`() throws {
    #expect(Self.order(try Self.table([(5, []), (1, []), (5, []), (-3, []), (1, [])]), "m") == [3, 1, 4, 0, 2])
  }

  @Test func `priority does not beat a more specific pattern`() throws {
    #expect(Self.order(try Self.table([(0, ["*"]), (9, ["m"])]), "m") == [1, 0])
  }

  @Test func `a provider is listed once, by its most specific pattern`() throws {
    let table = try Self.table([(0, ["gpt-*"]), (0, ["*", "gpt-5*", "*-mini", "zz", "zz"])])
    #expect(Self.order(table, "gpt-5") == [1, 0])
    #expect(Self.order(table, "gpt-mini") == [1, 0])
    #expect(Self.order(table, "zz") == [1])
  }

  @Test func `a wildcard can be anywhere`() throws {
    let table = try Self.table([(0, ["*-mini"]), (0, ["g*5*i"]), (0, ["**x**"]), (0, ["*5-mini"]), (0, ["g**"])])
    #expect(Self.order(table, "gpt-5-mini") == [3, 0, 1, 4])
    #expect(Self.order(table, "x-mini") == [0, 2])
    #expect(Self.order(table, "x") == [2])
    #expect(Self.order(table, "y") == [])
    #expect(table.verdict(table.match("y")) == .notServed)
    #expect(table.verdict(table.match("x")) == .found)
  }

  @Test func `an empty pattern matches nothing`() throws {
    let table = try Self.table([(0, [""]), (0, ["m"])])
    #expect(Self.order(table, "") == [])
    #expect(Self.order(table, "m") == [1])
  }

  @Test func `names are compared as bytes`() throws {
    // Both read é, but their bytes differ.
    let table = try Self.table([(0, ["e\u{301}"]), (0, ["\u{e9}"])])
    #expect(Self.order(table, "e\u{301}") == [0])
    #expect(Self.order(table, "\u{e9}") == [1])
    #expect(Self.order(table, "\u{c3}") == [])
  }

  @Test func `names with common prefixes are all found`() throws {
    // Every first byte, and siblings that share more than a word.
    let names = (1..<128).map { String(UnicodeScalar(UInt8($0))) } + (0..<300).map { "model-\($0)" }
    let models = names.filter { $0 != "*" && $0 != "/" }
    let table = try RouteTable([RouteTable.Provider("a", models: models)])
    for model in models { #expect(Self.order(table, model) == [0], "\(model)") }
    for model in ["model-300", "model-", "mode", "\0", "\u{7f}\u{7f}"] { #expect(Self.order(table, model) == []) }
  }

  @Test func `random tables find what every pattern finds on its own`() throws {
    var random = SplitMix(state: 5)
    for _ in 0..<400 {
      let providers = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        (
          Int.random(in: 0...2, using: &random),
          (0..<Int.random(in: 0...4, using: &random)).map { _ in Self.word("aab*", 5, &random) }.filter {
            !$0.isEmpty
          }
        )
      }
      let table = try Self.table(providers)
      for _ in 0..<30 {
        let model = Self.word("aab/", 7, &random)
        let expected = Self.plainOrder(providers, model)
        if Self.order(table, model) != expected {
          Issue.record("\(providers) \(model): \(Self.order(table, model)) and not \(expected)")
          return
        }
      }
    }
  }

  private static func word(_ letters: String, _ most: Int, _ random: inout SplitMix) -> String {
    String((0..<Int.random(in: 0...most, using: &random)).map { _ in letters.randomElement(using: &random)! })
  }

  /// The same by trying every pattern.
  private static func plainOrder(_ providers: [(Int, [String])], _ model: String) -> [Int] {
    func specificity(_ patterns: [String], _ model: String) -> Int? {
      let patterns = patterns.isEmpty ? ["*"] : patterns
      return patterns.map { ModelPattern($0) }.filter { $0.matches(model) }.map(\.weight).max()
    }
    var found: [(specificity: Int, priority: Int, provider: Int)] = []
    for (index, provider) in providers.enumerated() {
      let name = ["a", "b", "c", "d", "e", "f"][index] + "/"
      if model.hasPrefix(name) {
        return model != name && specificity(provider.1, String(model.dropFirst(2))) != nil ? [index] : []
      } else if let specificity = specificity(provider.1, model) {
        found.append((specificity, provider.0, index))
      }
    }
    return found.sorted {
      (-$0.specificity, $0.priority, $0.provider) < (-$1.specificity, $1.priority, $1.provider)
    }.map(
      \.provider)
  }

  // MARK: Providers by name

  @Test func `a provider's name in front of the model selects that provider alone`() throws {
    let table = try Self.table([(0, []), (0, ["b/m"]), (9, ["m*"]), (0, ["x", "*-y"])])
    #expect(Self.list(table, "c/m1") == ["c:m1"])
    #expect(Self.list(table, "a/b/m") == ["a:b/m"])
    // A name that the named provider does not serve goes nowhere else.
    #expect(Self.list(table, "d/m") == [])
    // A name that the configuration gives to a provider is that provider's, whatever it begins with.
    #expect(Self.list(table, "b/m") == ["b:b/m"])
    #expect(Self.list(table, "b/b/m") == ["b:b/m"])
    #expect(Self.list(table, "d/x") == ["d:x"])
    #expect(Self.list(table, "d/q-y") == ["d:q-y"])
    #expect(Self.list(table, "c/") == [])
    #expect(Self.list(table, "a/") == [])
    #expect(Self.list(table, "C/m1") == ["a:C/m1"])
    #expect(table.candidates(for: "c/m1").map(\.isDirect) == [true])
  }

  @Test func `a provider serves its models under their own names`() throws {
    let table = try Self.table([(0, ["a"]), (0, ["b*"])])
    #expect(table.serves(0, "a") == true)
    #expect(table.serves(0, "b") == false)
    #expect(table.serves(1, "b") == true)
    #expect(table.serves(1, "b/b") == false)
    #expect(table.serves(9, "b") == false)
    let empty = try RouteTable([])
    #expect(empty.candidates(for: "a") == [])
  }

  @Test func `a match is valid only for its own table`() throws {
    let old = try Self.table([(0, [])])
    let new = try RouteTable([RouteTable.Provider("a")], generation: 1)
    #expect(new.verdict(old.match("m")) == .stale)
    var out: [RouteCandidate] = []
    new.candidates(old.match("m"), into: &out)
    #expect(out == [])
  }

  // MARK: Limits

  @Test func `a table that exceeds a limit is an error`() {
    func fault(_ make: () throws(RouteTableError) -> RouteTable) -> RouteTableError? {
      if case .failure(let fault) = Result(catching: make) { fault } else { nil }
    }
    typealias Provider = RouteTable.Provider
    let most = (0..<RouteTable.providersMax).map { Provider("p\($0)") }
    #expect(fault { () throws(RouteTableError) in try RouteTable(most) } == nil)
    #expect(fault { () throws(RouteTableError) in try RouteTable(most + [Provider("q")]) } == .tooManyProviders)
    let wildcards = (0..<64).map { "*\($0)" }
    #expect(fault { () throws(RouteTableError) in try RouteTable([Provider("p", models: wildcards)]) } == nil)
    #expect(
      fault { () throws(RouteTableError) in try RouteTable([Provider("p", models: wildcards + ["*x"])]) }
        == .tooManyPatterns
    )
    #expect(
      fault { () throws(RouteTableError) in try RouteTable([Provider("p", weight: 1001)]) } == .badWeight("p"))
    #expect(fault { () throws(RouteTableError) in try RouteTable([Provider("p/q")]) } == .badName("p/q"))
    #expect(fault { () throws(RouteTableError) in try RouteTable([Provider("")]) } == .badName(""))
    let virtual = RouteTable.VirtualModel("v", [RouteTable.Target("a"), RouteTable.Target("b")])
    #expect(
      fault { () throws(RouteTableError) in try RouteTable(most, virtuals: [virtual]) } == .tooManyCandidates("v"))
  }

  @Test func `providers that serve everything share one list`() throws {
    let table = try RouteTable((0..<RouteTable.providersMax).map { RouteTable.Provider("p\($0)", priority: -$0) })
    #expect(Self.order(table, "m") == (0..<RouteTable.providersMax).reversed())
    #expect(Self.list(table, "p7/m").first == "p7:m")
    #expect(Self.order(table, "p7/m").count == 1)
  }
}
