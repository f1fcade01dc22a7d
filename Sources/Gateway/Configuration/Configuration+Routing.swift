extension Configuration {
  /// How providers are picked, and what happens when one fails.
  public struct Routing: Sendable, Equatable {
    public var strategy: Strategy
    public var localFirst: Bool
    public var affinity: Affinity
    public var health: Health
    public var breaker: Breaker
    public var retry: Retry
    public var queue: Queue
    public var aliases: [Alias]
    public var virtualModels: [VirtualModel]
  }

  /// What keeps requests at one provider.
  public enum Affinity: String, Sendable { case off, session, prefix }

  /// How it is looked whether providers are there.
  public struct Health: Sendable, Equatable {
    /// Zero never looks.
    public var interval: Duration
    public var timeout: Duration
    public var failuresMax: Int
    public var successesMin: Int
  }

  /// When a provider that fails is left alone.
  public struct Breaker: Sendable, Equatable {
    /// Zero never leaves it alone.
    public var failuresMax: Int
    public var failuresPercent: Int
    public var openTime: Duration
  }

  /// How the same provider is asked again.
  public struct Retry: Sendable, Equatable {
    public var retriesMax: Int
    public var base: Duration
    public var delayMax: Duration
    /// The share of a wait that is left to chance, 0...1.
    public var jitter: Double
  }

  /// How requests wait for a provider that has no room.
  public struct Queue: Sendable, Equatable {
    public var capacity: Int
    public var wait: Duration
  }

  /// Another word for a model: for callers, or what one provider calls it.
  public struct Alias: Sendable, Equatable {
    public var name: String
    public var model: String
    public var provider: String?
  }

  /// A model that exists only here.
  public struct VirtualModel: Sendable, Equatable {
    public var name: String
    public var targets: [String]
    public var isPool: Bool
    public var strategy: Strategy?
  }
}

extension ConfigurationReader {
  mutating func routing() -> Configuration.Routing {
    Configuration.Routing(
      strategy: Strategy(word: values.string("server.strategy")) ?? .priority,
      localFirst: values.boolean("server.local_first") ?? false,
      affinity: Configuration.Affinity(rawValue: values.string("server.affinity")) ?? .off,
      health: Configuration.Health(
        interval: values.seconds("server.health_check_interval_secs"),
        timeout: values.seconds("health.timeout_secs"),
        failuresMax: values.integer("health.failures_max") ?? 0,
        successesMin: values.integer("health.successes_min") ?? 0),
      breaker: Configuration.Breaker(
        failuresMax: values.integer("breaker.failures_max") ?? 0,
        failuresPercent: values.integer("breaker.failures_percent") ?? 0,
        openTime: values.seconds("breaker.open_secs")),
      retry: Configuration.Retry(
        retriesMax: values.integer("retry.max_retries") ?? 0, base: values.milliseconds("retry.base_delay_ms"),
        delayMax: values.milliseconds("retry.max_delay_ms"), jitter: values.number("retry.jitter_factor") ?? 1),
      queue: Configuration.Queue(
        capacity: values.integer("queue.capacity") ?? 0, wait: values.seconds("queue.wait_secs")),
      aliases: aliases(), virtualModels: virtualModels())
  }

  private mutating func aliases() -> [Configuration.Alias] {
    (0..<listed("aliases")).compactMap { index in
      let path = "aliases[\(index)]"
      guard let name = word("\(path).name"), let model = word("\(path).model") else { return nil }
      let provider = values.isSet("\(path).provider") ? word("\(path).provider") : nil
      return Configuration.Alias(name: name, model: model, provider: provider)
    }
  }

  private mutating func virtualModels() -> [Configuration.VirtualModel] {
    (0..<listed("virtual_models")).compactMap { index in
      let path = "virtual_models[\(index)]"
      guard let name = word("\(path).name") else { return nil }
      let targets = values.strings("\(path).targets").map(\.text).filter { !$0.isEmpty }
      if targets.isEmpty { values.report(values.entries[path]?.position, "`\(path).targets` must name a model") }
      return Configuration.VirtualModel(
        name: name, targets: targets, isPool: values.boolean("\(path).pool") ?? false,
        strategy: Strategy(word: values.string("\(path).strategy")))
    }
  }

  mutating func listed(_ list: String) -> Int {
    let count = values.count(list)
    guard count > Configuration.namesMax else { return count }
    values.report(list, "has \(count) elements; at most \(Configuration.namesMax) are read")
    return 0
  }

  /// A name of a model or provider: required, and of some bytes.
  mutating func word(_ path: String) -> String? {
    let text = values.string(path)
    if (1...256).contains(text.utf8.count) { return text }
    let position = values.entries[path]?.position ?? values.entries[String(path.prefix { $0 != "." })]?.position
    values.report(position, "`\(path)` must be 1 to 256 bytes long")
    return nil
  }

  /// How long the provider may take: what it says itself, or else what holds for all.
  mutating func timeouts(_ path: String) -> Configuration.Timeouts {
    timeouts().replaced(by: times(path))
  }

  /// What holds for all.
  func timeouts() -> Configuration.Timeouts {
    func time(_ name: String) -> Duration { values.seconds("server.upstream_\(name)_timeout_secs") }
    return Configuration.Timeouts(
      connect: time("connect"), send: time("send"), head: time("head"), firstEvent: time("first_event"),
      load: time("load"), stall: time("stall"), total: time("total"),
      throughputMin: values.integer("server.upstream_bytes_per_sec_min") ?? 0)
  }

  /// What a provider or a model has of its own.
  func times(_ path: String) -> Configuration.TimeoutOverrides {
    var times = Configuration.TimeoutOverrides(throughputMin: values.integer("\(path).bytes_per_sec_min"))
    for name in ConfigurationKeys.times.map(\.name) where values.isSet("\(path).\(name)_timeout_secs") {
      times.times[name] = values.seconds("\(path).\(name)_timeout_secs")
    }
    return times
  }
}

extension Configuration {
  /// The times that a provider or a model has of its own, by the word in the key.
  struct TimeoutOverrides: Sendable, Equatable {
    var times: [String: Duration] = [:]
    var throughputMin: Int?
  }
}

extension Configuration.Timeouts {
  /// The same with what somebody has of its own instead.
  func replaced(by own: Configuration.TimeoutOverrides) -> Configuration.Timeouts {
    Configuration.Timeouts(
      connect: own.times["connect"] ?? connect, send: own.times["send"] ?? send, head: own.times["head"] ?? head,
      firstEvent: own.times["first_event"] ?? firstEvent, load: own.times["load"] ?? load,
      stall: own.times["stall"] ?? stall, total: own.times["total"] ?? total,
      throughputMin: own.throughputMin ?? throughputMin)
  }
}

extension ConfigurationKeys {
  /// The times that everybody may have of its own, with what there is time for.
  static let times: [(name: String, what: String)] = [
    ("connect", "to connect, name lookup and TLS included"), ("send", "to take some of a request's body"),
    ("head", "to begin the head of an answer; 0 is as long as for its first event"),
    ("first_event", "to begin a stream"), ("load", "to load a model, as long as it says so"),
    ("stall", "to go on with a stream"), ("total", "to make an answer that is no stream"),
  ]

  /// The keys for them in a list of sections.
  static func times(_ list: String, of whom: String, as general: String) -> [ConfigurationKey] {
    times.map { name, what in
      ConfigurationKey(
        path: "\(list)[].\(name)_timeout_secs",
        kind: .number((name == "head" || name == "load" ? 0 : 0.01)...86400),
        documentation: "Seconds that \(whom) has \(what); as \(general) unless given.")
    } + [
      ConfigurationKey(
        path: "\(list)[].bytes_per_sec_min", kind: .integer(0...1_000_000_000),
        documentation: "Bytes a second that a stream of \(whom) must have; as \(general) unless given.")
    ]
  }
}

extension Configuration {
  /// Aliases, and virtual models, that a configuration may have.
  static let namesMax = 4096
}
