import Gateway

extension Micro {
  /// Selects a candidate: the lookup of a name and the selection, on tables created once.
  static func routes() -> [Row] {
    let large = "model-15-large"
    let base = "model-5-base"
    return [
      picking("route select, priority, 20 routes", numbered(20), Policy(.priority), large),
      picking("route select, round robin, 10 routes", numbered(10), Policy(.roundRobin), base),
      picking("route select, round robin, 10 that serve it", everything(10), Policy(.roundRobin), base),
      picking("route select, weighted, 10 that serve it", everything(10), Policy(.weighted), base),
      picking("route select, least in flight, 10", everything(10), Policy(.leastInFlight), base),
      picking("route select, exact name, 20 routes", named(20), Policy(.priority), "gpt-15"),
      picking("route select, no match, 20 routes", named(20), Policy(.priority), "claude-sonnet-4"),
      compiling("compile 20 routes", numbered(20)),
    ]
  }

  /// Route `i` has priority `i` and serves `model-i*`.
  private static func numbered(_ count: Int) -> [RouteTable.Provider] {
    (0..<count).map { RouteTable.Provider("provider-\($0)", priority: $0, models: ["model-\($0)*"]) }
  }

  private static func everything(_ count: Int) -> [RouteTable.Provider] {
    (0..<count).map { RouteTable.Provider("provider-\($0)", weight: $0 + 1) }
  }

  private static func named(_ count: Int) -> [RouteTable.Provider] {
    (0..<count).map { RouteTable.Provider("provider-\($0)", models: ["gpt-\($0)", "llama3"]) }
  }

  private static func picking(
    _ name: String, _ providers: [RouteTable.Provider], _ policy: Policy, _ model: String
  ) -> Row {
    var router = router(providers, policy)
    let input = SelectionInput()
    return Row(name, bytes: model.utf8.count) {
      guard let picked = router.pick(model, input) else { return 0 }
      return UInt64(truncatingIfNeeded: picked.candidate.provider)
    }
  }

  private static func compiling(_ name: String, _ providers: [RouteTable.Provider]) -> Row {
    Row(name, bytes: providers.reduce(0) { $0 + $1.name.utf8.count }) {
      UInt64(router(providers, Policy()).table.ambiguities.count)
    }
  }

  private static func router(_ providers: [RouteTable.Provider], _ policy: Policy) -> Router {
    do throws(RouteTableError) { return Router(try RouteTable(providers), policy: policy) } catch {
      fatalError(error.description)
    }
  }
}
