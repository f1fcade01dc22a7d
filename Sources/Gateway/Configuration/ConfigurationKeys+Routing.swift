extension ConfigurationKeys {
  private static let day = 86400.0

  /// The selection strategies. Some older spellings are accepted too.
  static let strategy = ConfigurationKey.Kind.word(
    Strategy.allCases.map(\.rawValue), synonyms: ["round-robin", "roundrobin", "lowest-latency"])

  /// How a provider is selected, and what happens when one fails.
  static let routing: [ConfigurationKey] = [
    ConfigurationKey(
      path: "server.strategy", kind: strategy, defaultValue: "priority",
      documentation: "Selection among equal candidates: the first by `priority`, in rotation (`round_robin`), in "
        + "proportion to `weight` (`weighted`), the fewest requests in flight (`least_in_flight`), the lowest "
        + "latency (`lowest_latency`), the lowest price (`cheapest`), or a single provider without failover "
        + "(`direct`)."),
    ConfigurationKey(
      path: "server.local_first", kind: .boolean, defaultValue: "false",
      documentation: "Whether providers on this machine are tried before others that serve the same model."),
    ConfigurationKey(
      path: "server.affinity", kind: .word(["off", "session", "prefix"]), defaultValue: "off",
      documentation:
        "What keeps related requests at one provider, to use its prompt cache: the `x-session-id` field "
        + "(`session`), or that field or else the start of the conversation (`prefix`). `off` disables affinity."),
    ConfigurationKey(
      path: "server.health_check_interval_secs", kind: .number(0...day), defaultValue: "30",
      documentation: "Seconds between health checks of a provider. 0 disables them."),
    ConfigurationKey(
      path: "health.timeout_secs", kind: .number(0.01...600), defaultValue: "10",
      documentation: "Seconds that a health check may take."),
    ConfigurationKey(
      path: "health.unhealthy_threshold", kind: .integer(1...1000), defaultValue: "3",
      documentation: "Consecutive failed health checks that mark a provider unhealthy."),
    ConfigurationKey(
      path: "health.healthy_threshold", kind: .integer(1...1000), defaultValue: "1",
      documentation: "Consecutive successful health checks that mark a provider healthy again."),
    ConfigurationKey(
      path: "breaker.consecutive_failures_max", kind: .integer(0...1000), defaultValue: "5",
      documentation:
        "Consecutive failed requests that open a provider's circuit breaker. 0 disables the breaker. A "
        + "model's only candidate is always tried."),
    ConfigurationKey(
      path: "breaker.failure_rate_percent", kind: .integer(1...100), defaultValue: "50",
      documentation: "Share of failed requests, in percent, that opens the breaker. Counts at least 20 requests in "
        + "the last 30 seconds."),
    ConfigurationKey(
      path: "breaker.open_secs", kind: .number(0.01...3600), defaultValue: "5",
      documentation:
        "Seconds that an open breaker blocks requests. Doubles with each failed trial request, up to 60 "
        + "seconds."),
    ConfigurationKey(
      path: "retry.max_retries", kind: .integer(0...10), defaultValue: "1",
      documentation:
        "Retries at the same provider after a connection or server error, if no other candidate is left. "
        + "Retries are at most a tenth of a provider's recent requests."),
    ConfigurationKey(
      path: "retry.base_delay_ms", kind: .number(0...3_600_000), defaultValue: "250",
      documentation: "Upper limit of the first retry delay, in milliseconds. Doubles with each retry. 0 retries "
        + "without delay."),
    ConfigurationKey(
      path: "retry.max_delay_ms", kind: .number(0...3_600_000), defaultValue: "8000",
      documentation: "Upper limit of every retry delay, in milliseconds. 0 retries without delay."),
    ConfigurationKey(
      path: "retry.jitter_factor", kind: .number(0...1), defaultValue: "1",
      documentation: "Random share of a retry delay, from 0 to 1."),
    ConfigurationKey(
      path: "queue.capacity", kind: .integer(0...100_000), defaultValue: "512",
      documentation: "Largest number of requests that wait for a slot. One more gets 503."),
    ConfigurationKey(
      path: "queue.timeout_secs", kind: .number(0.01...day), defaultValue: "60",
      documentation: "Seconds that a request may wait in the queue."),
    ConfigurationKey(
      path: "aliases[].name", kind: .string, isRequired: true, documentation: "Another name for a model."),
    ConfigurationKey(
      path: "aliases[].model", kind: .string, isRequired: true,
      documentation: "The model that the alias stands for."),
    ConfigurationKey(
      path: "aliases[].fallback", kind: .word(["local", "hosted"]), defaultValue: "local",
      documentation:
        "Providers that may answer by this name for a model of this machine: as `fallback` of a provider, for this name "
        + "alone."),
    ConfigurationKey(
      path: "aliases[].provider", kind: .string, availability: .replaced(by: "providers[].model_names"),
      documentation: "The provider that calls the model `name` while callers use `model`."),
    ConfigurationKey(
      path: "virtual_models[].name", kind: .string, isRequired: true,
      documentation: "Name of a virtual model, which stands for other models."),
    ConfigurationKey(
      path: "virtual_models[].targets", kind: .strings(64),
      documentation:
        "Models behind the virtual model, as `MODEL` or `PROVIDER/MODEL`. Each target is a fallback for "
        + "the one before it."),
    ConfigurationKey(
      path: "virtual_models[].pool", kind: .boolean, defaultValue: "false",
      documentation: "Whether the targets form one pool instead of an order of fallbacks."),
    ConfigurationKey(
      path: "virtual_models[].strategy", kind: strategy,
      documentation: "Selection among the targets' candidates. Defaults to `server.strategy`."),
  ]

  /// The keys of a provider that concern routing.
  static let routed: [ConfigurationKey] =
    [
      ConfigurationKey(
        path: "providers[].api_keys", kind: .secrets(64),
        documentation:
          "More API keys, used in rotation. A rate-limited or rejected key cools down while the others "
          + "stay in use."),
      ConfigurationKey(
        path: "providers[].weight", kind: .integer(0...1000), defaultValue: "1",
        documentation:
          "Share of requests under the `weighted` strategy. 0 means only if no other candidate is left."
      ),
      ConfigurationKey(
        path: "providers[].max_concurrent", kind: .integer(0...100_000), defaultValue: "0",
        documentation: "Concurrency limit of the provider. Further requests wait in the queue. 0 means no limit."),
    ]
    + timeouts("providers", above: "`[server]`")
}
