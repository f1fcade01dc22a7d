@testable import Gateway
import Testing

@Suite struct RouteTests {
  private static func route(_ providers: [(Int, [String])]) -> Route {
    Route(
      zip(["a", "b", "c", "d", "e", "f"], providers).map {
        (name: $0, priority: $1.0, patterns: $1.1.map(ModelPattern.init))
      })
  }

  /// All candidates for a model in the order in which they are asked.
  private static func order(_ route: Route, _ model: String) -> [Int] {
    var tried: [Int] = []
    while let next = route.next(for: model, after: tried), tried.count < 50 { tried.append(next.provider) }
    return tried
  }

  @Test func `what says most about the model comes first`() {
    let route = Self.route([
      (0, []), (0, ["*"]), (0, ["gpt-*"]), (0, ["gpt-5-*"]), (0, ["x", "gpt-5-mini"]), (0, ["other"]),
    ])
    #expect(Self.order(route, "gpt-5-mini") == [4, 3, 2, 0, 1])
    #expect(Self.order(route, "gpt-5-nano") == [3, 2, 0, 1])
    #expect(Self.order(route, "gpt-4") == [2, 0, 1])
    #expect(Self.order(route, "claude") == [0, 1])
    #expect(Self.order(route, "other") == [5, 0, 1])
  }

  @Test func `among equals priority decides, then the order`() {
    let route = Self.route([(5, []), (1, []), (5, []), (-3, []), (1, [])])
    #expect(Self.order(route, "m") == [3, 1, 4, 0, 2])
  }

  @Test func `priority does not beat a better pattern`() {
    #expect(Self.order(Self.route([(0, ["*"]), (9, ["m"])]), "m") == [1, 0])
  }

  @Test func `the best pattern of a provider counts`() {
    #expect(Self.order(Self.route([(0, ["gpt-*"]), (0, ["*", "gpt-5*", "zz"])]), "gpt-5") == [1, 0])
  }

  @Test func `a provider's name before the model comes first`() {
    let route = Self.route([(0, []), (0, ["b/m"]), (9, ["m*"]), (0, ["x"])])
    #expect(route.next(for: "c/m1", after: []) == Route.Candidate(provider: 2, model: "m1"))
    #expect(route.next(for: "c/m1", after: [2]) == Route.Candidate(provider: 0, model: "c/m1"))
    #expect(route.next(for: "a/b/m", after: []) == Route.Candidate(provider: 0, model: "b/m"))
    // What the named one does not serve is a name like any other.
    #expect(route.next(for: "d/m", after: []) == Route.Candidate(provider: 0, model: "d/m"))
    #expect(route.next(for: "b/m", after: []) == Route.Candidate(provider: 1, model: "b/m"))
    #expect(Self.order(route, "c/") == [0])
    #expect(Self.order(route, "C/m1") == [0])
  }

  @Test func `nobody is asked who does not serve the model`() {
    let route = Self.route([(0, ["a"]), (0, ["b*"])])
    #expect(route.next(for: "c", after: []) == nil)
    #expect(route.next(for: "a", after: [0]) == nil)
    #expect(route.next(for: "a", after: [7, -1]) == Route.Candidate(provider: 0, model: "a"))
    #expect(Self.route([]).next(for: "a", after: []) == nil)
    #expect(route.serves(0, "a"))
    #expect(!route.serves(0, "b"))
    #expect(route.serves(1, "b"))
    #expect(!route.serves(9, "b"))
  }

  @Test func `a provider without room is asked last, unless it is named`() {
    var route = Self.route([(0, ["m"]), (0, ["*"]), (0, [])])
    route.last = [0]
    #expect(Self.order(route, "m") == [1, 2, 0])
    #expect(Self.order(route, "a/m").first == 0)
    route.last = [0, 1, 2]
    #expect(Self.order(route, "m") == [0, 1, 2])
  }
}
