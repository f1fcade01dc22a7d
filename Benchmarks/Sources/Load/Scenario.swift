/// A row of the comparison: a name and a plan.
struct Scenario: Sendable {
  var name: String
  var title: String
  /// Whether the scenario is also useful without a proxy.
  var isDirectToo = true
  /// Whether all processes have idle time, so that real-time priority takes none from others.
  var isUnsaturated = false
  /// Returns the plan for a run of the given seconds. `smoke` makes it smaller, only to show that it works.
  var plan: @Sendable (_ seconds: Double, _ isSmoke: Bool) -> Plan

  static let all: [Scenario] = [
    closed("c1", "closed loop, 1 connection", 1),
    closed("c64", "closed loop, 64 connections", 64),
    closed("prompt64k", "closed loop, 16 connections, prompts of 64 KiB", 16, promptBytes: 65_536),
    rate("rate2000", 2000),
    rate("rate5000", 5000),
    paced("sse100", 100),
    paced("sse1000", 1000),
    Scenario(name: "unpaced", title: "64 streams of 200 chunks as fast as possible, repeated") {
      seconds, _ in
      var plan = Plan(.streams(again: true), port: 0)
      plan.connections = 64
      plan.seconds = seconds
      plan.orders.chunks = 200
      return plan
    },
    idle("idle1000", 1000),
    idle("idle9000", 9000),
    beside("beside0", 0),
    beside("beside1000", 1000),
    beside("beside4000", 4000),
  ]

  private static func closed(_ name: String, _ title: String, _ connections: Int, promptBytes: Int = 512)
    -> Scenario
  {
    Scenario(name: name, title: title) { seconds, _ in
      var plan = Plan(.closed, port: 0)
      plan.connections = connections
      plan.seconds = seconds
      plan.promptBytes = promptBytes
      return plan
    }
  }

  private static func rate(_ name: String, _ rate: Double) -> Scenario {
    Scenario(
      name: name, title: "\(Int(rate)) requests per second, independent of the responses", isUnsaturated: true
    ) {
      seconds, _ in
      var plan = Plan(.rate(rate), port: 0)
      plan.connections = 128
      plan.seconds = seconds
      return plan
    }
  }

  private static func paced(_ name: String, _ streams: Int) -> Scenario {
    Scenario(name: name, title: "\(streams) streams per second, of 20 chunks", isUnsaturated: true) {
      seconds, isSmoke in
      var plan = Plan(.streams(again: false), port: 0)
      plan.connections = isSmoke ? min(streams, 50) : streams
      plan.seconds = seconds
      plan.warmup = isSmoke ? 0.2 : 1.5
      plan.orders.gap = 50_000_000
      plan.orders.chunks = Int((plan.warmup + seconds + 0.2) * 20)
      return plan
    }
  }

  private static func idle(_ name: String, _ streams: Int) -> Scenario {
    Scenario(name: name, title: "\(streams) streams open and silent", isDirectToo: false) { _, isSmoke in
      var plan = Plan(.idle, port: 0)
      plan.connections = 0
      plan.background = isSmoke ? min(streams, 200) : streams
      plan.seconds = isSmoke ? 0.1 : 0.5
      return plan
    }
  }

  private static func beside(_ name: String, _ streams: Int) -> Scenario {
    Scenario(
      name: name, title: "closed loop, 8 connections, beside \(streams) silent streams", isDirectToo: false
    ) { seconds, isSmoke in
      var plan = Plan(.closed, port: 0)
      plan.connections = 8
      plan.background = isSmoke ? min(streams, 200) : streams
      plan.seconds = seconds
      return plan
    }
  }
}
