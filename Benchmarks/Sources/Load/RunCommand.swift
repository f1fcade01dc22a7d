import CLoad

/// The `run` command: one run of the client against a server on a port.
enum RunCommand {
  static func run(_ words: ArraySlice<String>) throws(LoadError) {
    guard let kind = words.first else {
      throw LoadError("missing kind of run; use closed, rate, sse, unpaced, idle, or beside")
    }
    let arguments = try Arguments(
      words.dropFirst(),
      known: [
        "port", "pid", "connections", "seconds", "warmup", "rate", "prompt", "bytes", "delay-us", "chunks",
        "gap-us",
        "background", "core", "json",
      ])
    let plan = try plan(kind, arguments)
    if arguments.has("core") { load_pin(Int32(try arguments.integer("core", 0))) }
    let outcome = try Client(plan).run()
    let metrics = Metrics.of(outcome, plan)
    if arguments.has("json") {
      let members = metrics.map(\.json)
      print("{\"kind\":\"\(kind)\"," + members.joined(separator: ",") + "}")
    } else {
      print(kind + ": " + metrics.map { "\($0.title) \(Metric.text($0.value, $0.digits))" }.joined(separator: ", "))
      if outcome.errors.all > 0 { print("errors: \(outcome.errors.text)") }
    }
  }

  private static func plan(_ kind: String, _ arguments: Arguments) throws(LoadError) -> Plan {
    let port = UInt16(clamping: try arguments.integer("port", 8088))
    var plan: Plan
    switch kind {
    case "closed": plan = Plan(.closed, port: port)
    case "rate": plan = Plan(.rate(max(1, try arguments.number("rate", 1000))), port: port)
    case "sse": plan = Plan(.streams(again: false), port: port)
    case "unpaced": plan = Plan(.streams(again: true), port: port)
    case "idle": plan = Plan(.idle, port: port)
    case "beside": plan = Plan(.closed, port: port)
    default: throw LoadError("unknown kind of run \(kind)")
    }
    let defaults = ["closed": 64, "rate": 128, "sse": 100, "unpaced": 64, "idle": 0, "beside": 8]
    plan.connections = kind == "idle" ? 0 : try arguments.integer("connections", defaults[kind] ?? 1)
    plan.background = try arguments.integer("background", ["idle": 1000, "beside": 1000][kind] ?? 0)
    plan.seconds = try arguments.number("seconds", 3)
    plan.warmup = try arguments.number("warmup", kind == "sse" ? 1.5 : 0.5)
    plan.promptBytes = try arguments.integer("prompt", 512)
    plan.orders.bytes = try arguments.integer("bytes", 1024)
    plan.orders.delay = UInt64(try arguments.integer("delay-us", 0)) * 1000
    plan.orders.gap = UInt64(try arguments.integer("gap-us", kind == "sse" ? 50_000 : 0)) * 1000
    let paced = Int((plan.warmup + plan.seconds + 0.2) * 1e9 / Double(max(1, plan.orders.gap)))
    plan.orders.chunks = try arguments.integer("chunks", plan.orders.gap > 0 ? paced : 200)
    if arguments.has("pid") { plan.process = Int32(clamping: try arguments.integer("pid", 0)) }
    return plan
  }
}
