extension ConfigurationKeys {
  private static let day = 86400.0
  /// The words for strategies, with the spellings that hoosh accepted so far.
  static let strategies = [
    "priority", "round_robin", "round-robin", "roundrobin", "weighted", "least_in_flight", "lowest_latency",
    "lowest-latency", "cheapest", "direct",
  ]

  /// How one of several providers is picked, and what happens when it fails.
  static let routing: [ConfigurationKey] = [
    ConfigurationKey(
      path: "server.strategy", kind: .word(strategies), defaultValue: "priority",
      documentation:
        "How one of several equal providers of a model is picked: the first by `priority`, each in turn "
        + "(`round_robin`), in proportion to `weight` (`weighted`), the one with the fewest requests "
        + "(`least_in_flight`), the one that answers soonest (`lowest_latency`), the one that costs least "
        + "(`cheapest`), or one and no second choice (`direct`)."),
    ConfigurationKey(
      path: "server.local_first", kind: .boolean, defaultValue: "false",
      documentation: "Whether providers on this machine are asked before others that serve the model as well."),
    ConfigurationKey(
      path: "server.affinity", kind: .word(["off", "session", "prefix"]), defaultValue: "off",
      documentation: "What keeps requests at one provider, so that its cache of prompts is of use: nothing, the "
        + "field `x-session-id`, or that and else the beginning of the conversation."),
    ConfigurationKey(
      path: "server.health_check_interval_secs", kind: .number(0...day), defaultValue: "30",
      documentation: "Seconds between two looks at whether a provider is there; 0 never looks."),
    ConfigurationKey(
      path: "health.timeout_secs", kind: .number(0.01...600), defaultValue: "10",
      documentation: "Seconds that such a look may take."),
    ConfigurationKey(
      path: "health.failures_max", kind: .integer(1...1000), defaultValue: "3",
      documentation: "Looks in vain, one after the other, after which a provider is not asked."),
    ConfigurationKey(
      path: "health.successes_min", kind: .integer(1...1000), defaultValue: "1",
      documentation: "Good looks after which it is asked again."),
    ConfigurationKey(
      path: "breaker.failures_max", kind: .integer(0...1000), defaultValue: "5",
      documentation:
        "Requests that fail one after the other until a provider is left alone for a while, unless it is "
        + "the only one of the model; 0 never leaves it alone."),
    ConfigurationKey(
      path: "breaker.failures_percent", kind: .integer(1...100), defaultValue: "50",
      documentation: "The same for failures in percent, of at least 20 requests in the last 30 seconds."),
    ConfigurationKey(
      path: "breaker.open_secs", kind: .number(0.01...3600), defaultValue: "5",
      documentation: "Seconds that it is left alone; twice as long each time that a trial request fails too, up to "
        + "a minute."),
    ConfigurationKey(
      path: "retry.max_retries", kind: .integer(0...10), defaultValue: "1",
      documentation: "Times that the same provider is asked again when the connection or the server failed and "
        + "nobody else can be asked; altogether a tenth of a provider's requests."),
    ConfigurationKey(
      path: "retry.base_delay_ms", kind: .number(0...3_600_000), defaultValue: "250",
      documentation: "Milliseconds that the wait before the first of these has at most; each time twice as many."),
    ConfigurationKey(
      path: "retry.max_delay_ms", kind: .number(0...3_600_000), defaultValue: "8000",
      documentation: "Milliseconds that no such wait exceeds."),
    ConfigurationKey(
      path: "retry.jitter_factor", kind: .number(0...1), defaultValue: "1",
      documentation: "Share of the wait that is left to chance."),
    ConfigurationKey(
      path: "queue.capacity", kind: .integer(0...100_000), defaultValue: "512",
      documentation: "Requests that may wait for a provider with `max_concurrent`; one more is answered with 503."),
    ConfigurationKey(
      path: "queue.wait_secs", kind: .number(0.01...day), defaultValue: "60",
      documentation: "Seconds that a request may wait there."),
    ConfigurationKey(
      path: "aliases[].name", kind: .string, isRequired: true, documentation: "Another word for a model."),
    ConfigurationKey(
      path: "aliases[].model", kind: .string, isRequired: true, documentation: "The model that it stands for."),
    ConfigurationKey(
      path: "aliases[].provider", kind: .string,
      documentation: "The provider that calls the model `name`, while everybody else calls it `model`; without it "
        + "`name` is a word for callers."),
    ConfigurationKey(
      path: "virtual_models[].name", kind: .string, isRequired: true,
      documentation: "A model that exists only here, for several others."),
    ConfigurationKey(
      path: "virtual_models[].targets", kind: .strings(64),
      documentation: "The models behind it, as `MODEL` or `PROVIDER/MODEL`: each for when those before it failed."),
    ConfigurationKey(
      path: "virtual_models[].pool", kind: .boolean, defaultValue: "false",
      documentation: "Whether all of them are asked alike instead."),
    ConfigurationKey(
      path: "virtual_models[].strategy", kind: .word(strategies),
      documentation: "How one of them is picked; as `server.strategy` unless given."),
  ]

  /// What routing has to know of one provider.
  static let routed: [ConfigurationKey] =
    [
      ConfigurationKey(
        path: "providers[].api_keys", kind: .secrets(64),
        documentation: "More keys of it, used in turn; one that is limited or refused rests while the others go on."
      ),
      ConfigurationKey(
        path: "providers[].weight", kind: .integer(0...1000), defaultValue: "1",
        documentation: "Its share where load is spread by weight; 0 is only asked when nobody else can be."),
      ConfigurationKey(
        path: "providers[].max_concurrent", kind: .integer(0...100_000), defaultValue: "0",
        documentation: "Requests that it may have at once; more wait in the queue; 0 is no limit."),
    ]
    + timeouts("providers", of: "it", as: "`[server]` says")
}
