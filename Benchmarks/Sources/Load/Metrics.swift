/// The metrics of an outcome, in the order of the table.
enum Metrics {
  static func of(_ outcome: Outcome, _ plan: Plan) -> [Metric] {
    let errors = Metric(key: "errors", title: "errors", value: Double(outcome.errors.all), digits: 0)
    switch plan.kind {
    case .closed: return closed(outcome) + load(outcome) + [errors]
    case .rate: return rate(outcome) + load(outcome) + [errors]
    case .streams(let again): return streams(outcome, isPaced: !again) + load(outcome) + [errors]
    case .idle: return idle(outcome) + [errors]
    }
  }

  private static func micro(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1000 }

  private static func cpu(_ outcome: Outcome, per count: Int, _ unit: String) -> [Metric] {
    func each(_ time: UInt64?) -> Double { time.map { Double($0) / 1000 / Double(max(1, count)) } ?? .nan }
    return [
      Metric(
        key: "cpu_us", title: "CPU µs/\(unit)", value: each(outcome.usage?.all), digits: 2, comparison: .ratio),
      Metric(key: "cpu_others_us", title: "other threads", value: each(outcome.usage?.others), digits: 2),
    ]
  }

  private static func closed(_ outcome: Outcome) -> [Metric] {
    [Metric(key: "per_second", title: "req/s", value: Double(outcome.answered) / outcome.seconds, digits: 0)]
      + cpu(outcome, per: outcome.answered, "req") + latency(outcome.latency, "")
  }

  private static func rate(_ outcome: Outcome) -> [Metric] {
    latency(outcome.latency, "") + cpu(outcome, per: outcome.answered, "req") + [
      Metric(key: "due", title: "due", value: Double(outcome.due), digits: 0),
      Metric(key: "late", title: "sent late", value: Double(outcome.late), digits: 0),
      Metric(key: "unanswered", title: "unanswered", value: Double(outcome.unanswered), digits: 0),
    ]
  }

  private static func latency(_ times: Histogram, _ what: String) -> [Metric] {
    [("p50", 0.5), ("p99", 0.99)].map { name, share in
      Metric(
        key: (what.isEmpty ? "" : what + "_") + name + "_us",
        title: (what.isEmpty ? "" : what + " ") + name + " µs",
        value: micro(times.quantile(share)), comparison: .added)
    }
  }

  private static func streams(_ outcome: Outcome, isPaced: Bool) -> [Metric] {
    let rate = Metric(
      key: "chunks_per_second", title: "chunks/s", value: Double(outcome.events) / outcome.seconds, digits: 0)
    let broken = [
      Metric(key: "lost", title: "lost", value: Double(outcome.lost), digits: 0),
      Metric(
        key: "twice_or_late", title: "twice or late", value: Double(outcome.duplicated + outcome.reordered),
        digits: 0),
    ]
    let perCore = Metric(
      key: "chunks_per_core_second", title: "chunks/core-s",
      value: outcome.usage.map { Double(outcome.events) / (Double(max(1, $0.all)) / 1e9) } ?? .nan, digits: 0)
    return [rate] + cpu(outcome, per: outcome.events, "chunk")
      + (isPaced ? latency(outcome.relay, "relay") + latency(outcome.firstEvent, "TTFT") : [perCore]) + broken
  }

  private static func idle(_ outcome: Outcome) -> [Metric] {
    let grown = Double(outcome.residentWith - outcome.residentBefore)
    return [
      Metric(key: "streams", title: "streams", value: Double(outcome.background), digits: 0),
      Metric(
        key: "kb_per_stream", title: "kB/stream", value: grown / 1000 / Double(max(1, outcome.background)),
        digits: 2,
        comparison: .ratio),
      Metric(key: "rss_before_mb", title: "RSS MB before", value: Double(outcome.residentBefore) / 1e6),
      Metric(key: "rss_with_mb", title: "with", value: Double(outcome.residentWith) / 1e6),
      Metric(key: "rss_after_mb", title: "after", value: Double(outcome.residentAfter) / 1e6),
    ]
  }

  /// Shares of one core: the process under test, the client, and all other processes.
  private static func load(_ outcome: Outcome) -> [Metric] {
    func share(_ time: UInt64?) -> Double { time.map { Double($0) / outcome.seconds / 1e7 } ?? .nan }
    return [
      Metric(key: "busy", title: "busy %", value: share(outcome.usage?.all), digits: 0),
      Metric(key: "client_busy", title: "client %", value: share(outcome.clientCPU), digits: 0),
      Metric(key: "elsewhere", title: "elsewhere %", value: share(outcome.elsewhereCPU), digits: 0),
    ]
  }
}
