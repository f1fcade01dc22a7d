import CLoad
import Foundation

/// The `compare` command: every scenario against every target, in interleaved rounds.
enum CompareCommand {
  static func run(_ words: ArraySlice<String>) throws(LoadError) {
    let arguments = try Arguments(
      words,
      known: [
        "hoosh", "scenario", "rounds", "seconds", "smoke", "record", "no-nginx", "no-direct", "json", "priority",
      ])
    let isSmoke = arguments.has("smoke")
    let rounds = max(1, try arguments.integer("rounds", isSmoke ? 1 : 5))
    let seconds = try arguments.number("seconds", isSmoke ? 0.1 : 3)
    let scenarios = try scenarios(arguments.all("scenario"))
    let targets = try targets(arguments)
    if arguments.has("priority") { load_prefer() }
    let rig = try Rig()
    defer { rig.close() }
    var comparison = Comparison(targets: targets)
    var failures = 0
    for round in 0..<rounds {
      for scenario in scenarios {
        var plan = scenario.plan(seconds, isSmoke)
        if isSmoke { plan.warmup = min(plan.warmup, 0.1) }
        // The order alternates, so that no target is always first.
        for place in targets.indices {
          let target = targets[(place + round) % targets.count]
          if target.isDirect, !scenario.isDirectToo { continue }
          let proxy = try rig.start(target)
          defer { proxy.stop() }
          plan.port = proxy.port
          plan.process = proxy.process
          plan.mock = rig.mock.process
          let isRealtime = arguments.has("priority") && scenario.isUnsaturated
          do throws(LoadError) {
            if isRealtime { try rig.setRealtime(proxy, true) }
            let outcome = try Client(warm(plan)).run()
            if isRealtime { try rig.setRealtime(proxy, false) }
            comparison.add(scenario, target, round, Metrics.of(outcome, plan))
            guard outcome.isClean else {
              failures += 1
              say("\(scenario.name), \(target.name): \(outcome.faults)")
              continue
            }
          } catch {
            failures += 1
            say("\(scenario.name), \(target.name): \(error)")
          }
        }
      }
      say("round \(round + 1) of \(rounds)")
    }
    let tables = comparison.tables()
    print(tables)
    try write(
      Record.text(tables, words: words, rounds: rounds, seconds: seconds), to: arguments.text("record"))
    try write(comparison.json(), to: arguments.text("json"))
    guard failures == 0 else { throw LoadError("\(failures) measurements had errors") }
  }

  private static func write(_ text: String, to file: String?) throws(LoadError) {
    guard let file else { return }
    do { try text.write(toFile: file, atomically: true, encoding: .utf8) } catch {
      throw LoadError("cannot write \(file): \(error)")
    }
  }

  /// Before memory is measured, the proxy serves some requests, so that one-time allocations are done.
  private static func warm(_ plan: Plan) throws(LoadError) -> Plan {
    guard case .idle = plan.kind else { return plan }
    var first = plan
    first.kind = .closed
    (first.connections, first.background, first.warmup, first.seconds) = (8, 0, 0, 0.05)
    _ = try Client(first).run()
    return plan
  }

  private static func scenarios(_ names: [String]) throws(LoadError) -> [Scenario] {
    if names.isEmpty { return Scenario.all }
    var found: [Scenario] = []
    for name in names {
      // `sse` selects all scenarios whose name starts with it.
      let some = Scenario.all.filter { $0.name == name }
      let more = some.isEmpty ? Scenario.all.filter { $0.name.hasPrefix(name) } : some
      guard !more.isEmpty else {
        throw LoadError("unknown scenario \(name); known: \(Scenario.all.map(\.name).joined(separator: ", "))")
      }
      found += more
    }
    return found
  }

  private static func targets(_ arguments: Arguments) throws(LoadError) -> [Target] {
    var targets: [Target] = arguments.has("no-direct") ? [] : [.direct]
    if !arguments.has("no-nginx") { targets.append(.nginx) }
    for text in arguments.all("hoosh") {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      let (label, path) = parts.count == 2 ? (parts[0], parts[1]) : ("hoosh", text)
      guard access(path, X_OK) == 0 else { throw LoadError("\(path) is not an executable file") }
      guard !targets.contains(where: { $0.name == label }) else {
        throw LoadError("two targets have the label \(label)")
      }
      targets.append(.hoosh(label: label, path: path))
    }
    guard !targets.isEmpty else { throw LoadError("no target to measure; use --hoosh PATH") }
    return targets
  }

  private static func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
