extension ConfigurationKeys {
  /// Former names of keys, which are accepted with a warning, and their present names.
  private static let renames: [(old: String, new: String)] = [
    ("journal.format", "access_log.format"), ("journal.path", "access_log.path"),
    ("health.failures_max", "health.unhealthy_threshold"), ("health.successes_min", "health.healthy_threshold"),
    ("breaker.failures_max", "breaker.consecutive_failures_max"),
    ("breaker.failures_percent", "breaker.failure_rate_percent"), ("queue.wait_secs", "queue.timeout_secs"),
    ("server.drain_secs", "server.drain_timeout_secs"),
    ("providers[].idle_secs", "providers[].idle_timeout_secs"),
    ("server.head_timeout_secs", "server.header_timeout_secs"),
    ("server.upstream_head_timeout_secs", "server.upstream_header_timeout_secs"),
    ("providers[].head_timeout_secs", "providers[].header_timeout_secs"),
    ("models[].head_timeout_secs", "models[].header_timeout_secs"),
    ("server.upstream_load_timeout_secs", "server.upstream_model_load_timeout_secs"),
    ("providers[].load_timeout_secs", "providers[].model_load_timeout_secs"),
    ("models[].load_timeout_secs", "models[].model_load_timeout_secs"),
    ("server.hosts", "server.allowed_hosts"), ("server.origins", "server.allowed_origins"),
    ("server.bodies_bytes_max", "server.request_bodies_bytes_max"),
    ("providers[].addresses", "providers[].address_policy"), ("models[].can", "models[].capabilities"),
    ("models[].context", "models[].context_tokens"), ("models[].input_price", "models[].input_usd_per_million"),
    ("models[].output_price", "models[].output_usd_per_million"),
  ]

  /// The keys under their former names.
  static let renamed: [ConfigurationKey] = renames.map { old, new in
    guard var key = current.first(where: { $0.path == new }) else { preconditionFailure("no key \(new)") }
    key.path = old
    key.availability = .renamed(to: new)
    return key
  }
}
