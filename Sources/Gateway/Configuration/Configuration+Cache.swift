/// The cache of answers.
extension Configuration {
  /// Which answers are kept, for whom, and for how long.
  public struct Cache: Sendable, Equatable {
    public var isEnabled = false
    public var entriesMax: Int
    public var bytesMax: Int
    public var ttl: Duration
    public var scope: Scope
    /// Patterns of the models whose answers are kept. Empty means all.
    public var models: [String] = []
    /// The highest temperature whose answers are kept without being asked for.
    public var temperatureMax: Double
    /// Whether answers that call tools are kept.
    public var keepsToolCalls = false

    /// Those who share answers.
    public enum Scope: String, Sendable, CaseIterable {
      /// Each key has its own; callers without a key share theirs.
      case key
      /// The keys of a team share theirs; a key without a team has its own.
      case team
      /// All callers.
      case everyone
    }
  }
}

extension ConfigurationKeys {
  static let cache: [ConfigurationKey] = [
    ConfigurationKey(
      path: "cache.enabled", kind: .boolean, defaultValue: "false",
      documentation:
        "Whether answers are kept in memory and given again to the same request, and whether identical requests share one while it runs."
    ),
    ConfigurationKey(
      path: "cache.max_entries", kind: .integer(1...10_000_000), defaultValue: "1000",
      documentation: "Answers that are kept at most. The one that was used least recently makes way."),
    ConfigurationKey(
      path: "cache.max_bytes", kind: .integer(65_536...1_099_511_627_776), defaultValue: "268435456",
      documentation:
        "Bytes of all answers together. An answer of more than a sixteenth of it, or of 512 KiB, is not kept."),
    ConfigurationKey(
      path: "cache.ttl_secs", kind: .number(1...31_536_000), defaultValue: "300",
      documentation: "Seconds that an answer is kept."),
    ConfigurationKey(
      path: "cache.scope", kind: .word(Configuration.Cache.Scope.allCases.map(\.rawValue)), defaultValue: "key",
      documentation:
        "Callers that share answers: `key` for each key alone, `team` for the keys of a team, `everyone` for all."),
    ConfigurationKey(
      path: "cache.models", kind: .strings(256), defaultValue: "",
      documentation: "Names of the models whose answers are kept, with `*`. Empty means all."),
    ConfigurationKey(
      path: "cache.temperature_max", kind: .number(0...2), defaultValue: "0",
      documentation:
        "Highest temperature of a request whose answer is kept. A request without a temperature has 1. Others ask for it with `cache-control: max-age=SECONDS`."
    ),
    ConfigurationKey(
      path: "cache.tool_calls", kind: .boolean, defaultValue: "false",
      documentation: "Whether answers that call tools are kept."),
  ]
}

extension ConfigurationReader {
  mutating func cache() -> Configuration.Cache {
    Configuration.Cache(
      isEnabled: values.boolean("cache.enabled") ?? false, entriesMax: values.integer("cache.max_entries") ?? 0,
      bytesMax: values.integer("cache.max_bytes") ?? 0, ttl: values.seconds("cache.ttl_secs"),
      scope: Configuration.Cache.Scope(rawValue: values.string("cache.scope")) ?? .key,
      models: values.strings("cache.models").map(\.text),
      temperatureMax: values.number("cache.temperature_max") ?? 0,
      keepsToolCalls: values.boolean("cache.tool_calls") ?? false)
  }
}
