extension Configuration {
  /// How providers are selected, and what happens when one fails.
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

  /// The requests that stay at one provider: none, those of a session, or those of a conversation.
  public enum Affinity: String, Sendable { case off, session, prefix }

  /// The settings of health checks.
  public struct Health: Sendable, Equatable {
    /// The time between two checks of a provider. Zero disables them.
    public var interval: Duration
    public var timeout: Duration
    /// The consecutive failed checks that mark a provider unhealthy.
    public var unhealthyThreshold: Int
    /// The consecutive successful checks that mark it healthy again.
    public var healthyThreshold: Int
  }

  /// The settings of circuit breakers.
  public struct Breaker: Sendable, Equatable {
    /// The consecutive failed requests that open a breaker. Zero disables it.
    public var consecutiveFailuresMax: Int
    /// The share of failed requests, in percent, that opens a breaker.
    public var failureRatePercent: Int
    public var openTime: Duration
  }

  /// The settings of retries at the same provider.
  public struct Retry: Sendable, Equatable {
    public var retriesMax: Int
    /// The upper limit of the first delay.
    public var base: Duration
    public var delayMax: Duration
    /// The random share of a delay, 0...1.
    public var jitter: Double
  }

  /// The settings of the queue for slots.
  public struct Queue: Sendable, Equatable {
    public var capacity: Int
    public var timeout: Duration
  }

  /// Another name for a model: for callers, or with a provider the one that it uses itself.
  public struct Alias: Sendable, Equatable {
    public var name: String
    public var model: String
    public var provider: String?
    /// Whether a model of this machine that is requested by this name may be answered from elsewhere.
    public var allowsHostedFallback = false
  }

  /// A name that stands for several models.
  public struct VirtualModel: Sendable, Equatable {
    public var name: String
    public var targets: [String]
    /// Whether the targets form one pool instead of an order of fallbacks.
    public var isPool: Bool
    public var strategy: Strategy?
  }

  /// The largest number of elements in each list of names.
  static let namesMax = 4096
}

extension ConfigurationReader {
  /// Returns the settings of routing.
  mutating func routing() -> Configuration.Routing {
    Configuration.Routing(
      strategy: Strategy(word: values.string("server.strategy")) ?? .priority,
      localFirst: values.boolean("server.local_first") ?? false,
      affinity: Configuration.Affinity(rawValue: values.string("server.affinity")) ?? .off,
      health: Configuration.Health(
        interval: values.seconds("server.health_check_interval_secs"),
        timeout: values.seconds("health.timeout_secs"),
        unhealthyThreshold: values.integer("health.unhealthy_threshold") ?? 0,
        healthyThreshold: values.integer("health.healthy_threshold") ?? 0),
      breaker: Configuration.Breaker(
        consecutiveFailuresMax: values.integer("breaker.consecutive_failures_max") ?? 0,
        failureRatePercent: values.integer("breaker.failure_rate_percent") ?? 0,
        openTime: values.seconds("breaker.open_secs")),
      retry: Configuration.Retry(
        retriesMax: values.integer("retry.max_retries") ?? 0, base: values.milliseconds("retry.base_delay_ms"),
        delayMax: values.milliseconds("retry.max_delay_ms"), jitter: values.number("retry.jitter_factor") ?? 1),
      queue: Configuration.Queue(
        capacity: values.integer("queue.capacity") ?? 0, timeout: values.seconds("queue.timeout_secs")),
      aliases: aliases(), virtualModels: virtualModels())
  }

  private mutating func aliases() -> [Configuration.Alias] {
    (0..<listed("aliases")).compactMap { index in
      let path = "aliases[\(index)]"
      guard let name = word("\(path).name"), let model = word("\(path).model") else { return nil }
      guard values.isSet("\(path).provider"), let provider = word("\(path).provider") else {
        return Configuration.Alias(
          name: name, model: model, allowsHostedFallback: values.string("\(path).fallback") == "hosted")
      }
      values.warn(
        values.entries["\(path).provider"]?.position,
        "`\(path)` has a provider, which is outdated; write model_names = { \"\(model)\" = \"\(name)\" } in the "
          + "[[providers]] section of \"\(provider)\" instead")
      return Configuration.Alias(name: name, model: model, provider: provider)
    }
  }

  private mutating func virtualModels() -> [Configuration.VirtualModel] {
    (0..<listed("virtual_models")).compactMap { index in
      let path = "virtual_models[\(index)]"
      guard let name = word("\(path).name") else { return nil }
      let targets = values.strings("\(path).targets").map(\.text).filter { !$0.isEmpty }
      if targets.isEmpty {
        values.report(values.entries[path]?.position, "`\(path).targets` is empty; name at least one model")
      }
      return Configuration.VirtualModel(
        name: name, targets: targets, isPool: values.boolean("\(path).pool") ?? false,
        strategy: Strategy(word: values.string("\(path).strategy")))
    }
  }

  /// Returns the number of elements of a list of names, or 0 with an error if it is too long.
  mutating func listed(_ list: String) -> Int {
    let count = values.count(list)
    guard count > Configuration.namesMax else { return count }
    values.report(list, "has \(count) elements, but at most \(Configuration.namesMax) are allowed")
    return 0
  }

  /// Returns the name of a model or provider, or `nil` with an error if it is missing or too long.
  mutating func word(_ path: String) -> String? {
    let text = values.string(path)
    if (1...256).contains(text.utf8.count) { return text }
    let position = values.entries[path]?.position ?? values.entries[String(path.prefix { $0 != "." })]?.position
    values.report(position, "`\(path)` must be 1 to 256 bytes long")
    return nil
  }
}
