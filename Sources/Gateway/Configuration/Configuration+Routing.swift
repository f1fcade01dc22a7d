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
}

extension Configuration {
  /// Aliases, and virtual models, that a configuration may have.
  static let namesMax = 4096
}
