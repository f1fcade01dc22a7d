@testable import Gateway
import Testing

/// Names that stand for other names.
@Suite struct NameTargetTests {
  typealias Provider = RouteTable.Provider
  typealias Rename = RouteTable.Rename
  typealias VirtualModel = RouteTable.VirtualModel
  typealias Target = RouteTable.Target

  private static func list(_ table: borrowing RouteTable, _ model: String) -> [String] {
    RouteTableTests.list(table, model)
  }

  private static func ambiguity(_ table: borrowing RouteTable, _ model: String) -> [String]? {
    guard case .ambiguous(let ambiguity) = table.verdict(table.match(model)) else { return nil }
    #expect(table.candidates(for: model) == [])
    #expect(table.ambiguities.contains(ambiguity))
    return ambiguity.candidates
  }

  @Test func `a model can have another name at a provider`() throws {
    let table = try RouteTable([
      Provider("a", models: ["llama-3", "q*"], upstreamNames: [Rename("llama-3", "meta/llama-3-8b")]),
      Provider("b", models: ["llama*"], upstreamNames: [Rename("llama-*", "*:8b"), Rename("*", "all/*")]),
      Provider("c", upstreamNames: [Rename("or/*", "*"), Rename("q9", "nine")]),
    ])
    #expect(Self.list(table, "llama-3") == ["a:meta/llama-3-8b", "b:3:8b", "c:llama-3"])
    #expect(Self.list(table, "llama4") == ["b:all/llama4", "c:llama4"])
    #expect(Self.list(table, "or/x/y") == ["c:x/y"])
    #expect(Self.list(table, "a/llama-3") == ["a:meta/llama-3-8b"])
    #expect(Self.list(table, "b/llama-7").first == "b:7:8b")
    #expect(Self.list(table, "q9") == ["a:q9", "c:nine"])
    #expect(table.ambiguities == [])
  }

  @Test func `an alias has the candidates of its model`() throws {
    let table = try RouteTable(
      [Provider("a", models: ["gpt-5"]), Provider("b", models: ["gpt*"]), Provider("c")],
      aliases: [
        Rename("fast", "gpt-5"), Rename("faster", "fast"), Rename("named", "b/gpt-x"), Rename("gone", "zz"),
      ])
    #expect(Self.list(table, "fast") == ["a:gpt-5", "b:gpt-5", "c:gpt-5"])
    #expect(Self.list(table, "faster") == ["a:gpt-5", "b:gpt-5", "c:gpt-5"])
    #expect(Self.list(table, "named") == ["b:gpt-x"])
    #expect(Self.list(table, "gone") == ["c:zz"])
    #expect(table.unserved == [])
  }

  @Test func `an alias without candidates is reported when the table is compiled`() throws {
    let table = try RouteTable([Provider("a", models: ["m"])], aliases: [Rename("x", "y"), Rename("n", "m")])
    #expect(table.unserved == ["x"])
    #expect(table.verdict(table.match("x")) == .notServed)
  }

  @Test func `a cycle of aliases ends`() throws {
    let table = try RouteTable(
      [Provider("a", models: ["x", "m"])],
      aliases: [Rename("x", "y"), Rename("y", "z"), Rename("z", "x"), Rename("m", "m")])
    #expect(Self.list(table, "x") == ["a:x"])
    #expect(Self.list(table, "y") == [])
    #expect(Self.list(table, "m") == ["a:m"])
  }

  @Test func `a provider's alias applies to all providers of the model`() throws {
    let table = try RouteTable([
      Provider("a", models: ["gpt-5"], aliases: [Rename("fast", "gpt-5")]),
      Provider("b", priority: 1, models: ["gpt-5"]), Provider("c", models: ["g*"]),
      Provider("d"),
    ])
    #expect(Self.list(table, "fast") == ["b:gpt-5", "a:gpt-5", "c:gpt-5", "d:gpt-5"])
    #expect(Self.list(table, "a/fast") == ["a:gpt-5"])
    #expect(Self.list(table, "b/fast") == [])
  }

  @Test func `an alias can hide the model's name at the provider`() throws {
    let table = try RouteTable([
      Provider(
        "a", models: ["m"], aliases: [Rename("fast", "llama-3")], upstreamNames: [Rename("llama-3", "meta/l3")])
    ])
    #expect(Self.list(table, "fast") == ["a:meta/l3"])
    #expect(Self.list(table, "llama-3") == [])
  }

  @Test func `a name with two meanings is ambiguous and lists the alternatives`() throws {
    let table = try RouteTable([
      Provider("a", models: ["gpt-5"], aliases: [Rename("fast", "gpt-5")]),
      Provider("b", models: ["llama"], aliases: [Rename("fast", "llama"), Rename("same", "llama")]),
      Provider("c", models: ["llama", "named"], aliases: [Rename("same", "llama")]),
      Provider("d", models: ["x"], aliases: [Rename("named", "x")]),
    ])
    #expect(Self.ambiguity(table, "fast") == ["a/fast", "b/fast"])
    #expect(Self.list(table, "a/fast") == ["a:gpt-5"])
    #expect(Self.list(table, "b/fast") == ["b:llama"])
    #expect(Self.list(table, "same") == ["b:llama", "c:llama"])
    // The name is a model at one provider and an alias at another.
    #expect(Self.ambiguity(table, "named") == ["c/named", "d/named"])
    #expect(table.ambiguities.map(\.name) == ["fast", "named"])
  }

  @Test func `a local provider's meaning takes precedence`() throws {
    let table = try RouteTable([
      Provider("cloud", models: ["gpt-5"], aliases: [Rename("fast", "gpt-5")]),
      Provider("here", isLocal: true, models: ["llama"], aliases: [Rename("fast", "llama")]),
    ])
    #expect(Self.list(table, "fast") == ["here:llama"])
    #expect(Self.list(table, "cloud/fast") == ["cloud:gpt-5"])
    let two = try RouteTable([
      Provider("cloud", models: ["gpt-5"], aliases: [Rename("fast", "gpt-5")]),
      Provider("here", isLocal: true, models: ["llama"], aliases: [Rename("fast", "llama")]),
      Provider("there", isLocal: true, models: ["qwen"], aliases: [Rename("fast", "qwen")]),
    ])
    #expect(Self.ambiguity(two, "fast") == ["here/fast", "there/fast"])
  }

  @Test func `global aliases take precedence over the providers' names`() throws {
    let table = try RouteTable(
      [
        Provider("a", models: ["gpt-5", "llama"], aliases: [Rename("fast", "gpt-5")]),
        Provider("b", models: ["fast"]),
      ], aliases: [Rename("fast", "llama"), Rename("gpt-5", "llama")])
    #expect(Self.list(table, "fast") == ["a:llama"])
    #expect(Self.list(table, "gpt-5") == ["a:llama"])
    #expect(Self.list(table, "a/gpt-5") == ["a:gpt-5"])
  }

  @Test func `a repeated alias is ambiguous unless it has the same meaning`() throws {
    let table = try RouteTable(
      [Provider("a")],
      aliases: [Rename("x", "m"), Rename("x", "n"), Rename("y", "m"), Rename("y", "m"), Rename("z", "x")],
      virtuals: [VirtualModel("y2", [Target("x")])])
    #expect(Self.ambiguity(table, "x") == ["m", "n"])
    #expect(Self.list(table, "y") == ["a:m"])
    #expect(Self.ambiguity(table, "z") == ["m", "n"])
    #expect(Self.ambiguity(table, "y2") == ["m", "n"])
  }

  @Test func `a virtual model's targets are tried one after the other`() throws {
    let table = try RouteTable(
      [Provider("a", models: ["big", "small"]), Provider("b", priority: 1, models: ["big"])],
      virtuals: [
        VirtualModel("smart", [Target("big"), Target("nobody"), Target("small"), Target("a/big")]),
        VirtualModel("big", [Target("big"), Target("small")], strategy: .weighted),
      ])
    let smart = table.candidates(for: "smart")
    // After a target with its own name comes the real model, and no candidate occurs twice.
    #expect(Self.list(table, "smart") == ["b:big", "a:big", "a:small"])
    #expect(smart.map(\.tierRank) == [0, 1, 2])
    #expect(Self.list(table, "big") == ["b:big", "a:big", "a:small"])
    #expect(table.strategy(table.match("big")) == .weighted)
    #expect(table.strategy(table.match("smart")) == nil)
    #expect(table.strategy(table.match("small")) == nil)
  }

  @Test func `the targets of a pool share one tier with their weights`() throws {
    let table = try RouteTable(
      [Provider("a", weight: 2, models: ["x"]), Provider("b", models: ["y*"]), Provider("c")],
      virtuals: [
        VirtualModel("pool", [Target("x", weight: 3), Target("y1"), Target("y2", weight: 5)], isPool: true)
      ])
    let pool = table.candidates(for: "pool")
    #expect(Self.list(table, "pool") == ["a:x", "b:y1", "b:y2", "c:x", "c:y1", "c:y2"])
    #expect(pool.map(\.tierRank) == [0, 0, 0, 1, 1, 1])
    #expect(pool.map(\.weight) == [6, 1, 5, 3, 1, 5])
  }

  @Test func `nested virtual models compile in bounded time`() throws {
    let virtuals = (0..<40).map { VirtualModel("v\($0)", [Target("v\($0 + 1)"), Target("v\($0 + 1)")]) }
    #expect(throws: RouteTableError.self) { _ = try RouteTable([Provider("a")], virtuals: virtuals) }
    let circle = [VirtualModel("x", [Target("y"), Target("m")]), VirtualModel("y", [Target("x"), Target("n")])]
    let table = try RouteTable([Provider("a", models: ["m", "n"])], virtuals: circle)
    #expect(Self.list(table, "x") == ["a:n", "a:m"])
  }
}
