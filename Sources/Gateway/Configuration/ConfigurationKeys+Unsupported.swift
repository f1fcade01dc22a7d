extension ConfigurationKeys {
  /// The keys of features that do not exist yet: read and checked, so that setting one says so at start.
  static let unsupported: [ConfigurationKey] = [
    key("cache.enabled", .boolean, "false", cache, off: "false", "Whether answers are cached."),
    key("cache.max_entries", .integer(0...4_294_967_295), "1000", cache, off: "0", "Answers kept."),
    key("cache.ttl_secs", .number(0...31_536_000), "300", cache, "Seconds that an answer is kept."),
    key("providers[].rate_limit_rpm", .integer(1...4_294_967_295), "", "limiting the rate", "Requests a minute."),
    key("providers[].tls_pinned_certs", .strings(64), "", pins, off: "[]", "Certificates that it must show."),
    key("providers[].client_cert", .string, "", client, off: "", "File of the certificate shown to it."),
    key("providers[].client_key", .string, "", client, off: "", "File of that certificate's key."),
    key("budgets[].name", .string, "", budgets, "Name of a pool of tokens."),
    key("budgets[].capacity", .integer(0...Int64.max), "", budgets, "Tokens in the pool."),
    key("whisper.model", .string, "", "transcribing speech", off: "", "File of the Whisper model."),
    key("tts.url", .string, "", "speaking text", off: "", "Where the speech server answers."),
    key("audit.enabled", .boolean, "false", audit, off: "false", "Whether an audit chain is kept."),
    key("audit.signing_key", .secret, "", audit, "Key that signs the chain."),
    key("audit.max_entries", .integer(0...4_294_967_295), "10000", audit, off: "0", "Entries kept."),
    key("telemetry.otlp_endpoint", .string, "", telemetry, off: "", "Where traces are sent."),
    key("telemetry.service_name", .string, "hoosh", telemetry, "Name under which they are sent."),
    key("context.enabled", .boolean, "false", context, off: "false", "Whether long conversations are shortened."),
    key("context.compaction_threshold", .number(0...1), "0.8", context, "Filled share of the window that is long."),
    key("context.keep_last_messages", .integer(0...1_000_000), "10", context, "Messages never dropped."),
    key("hardware.cache_ttl_secs", .number(0...31_536_000), "300", hardware, off: "0", "Seconds a probe is kept."),
    key("hardware.disabled_backends", .strings(64), "", hardware, off: "[]", "Kinds of device not looked for."),
    key("hardware.vram_reserve_bytes", .integer(0...Int64.max), "0", hardware, off: "0", "Memory left free."),
    key("hardware.refresh_interval_secs", .number(0...86400), "0", hardware, off: "0", "Seconds between probes."),
  ]

  // What is missing, as the subject of a sentence.
  private static let cache = "caching answers"
  private static let pins = "pinning certificates"
  private static let client = "showing a client certificate"
  private static let budgets = "keeping token budgets"
  private static let audit = "keeping an audit chain"
  private static let telemetry = "exporting telemetry"
  private static let context = "shortening long conversations"
  private static let hardware = "knowing the hardware"

  private static func key(
    _ path: String, _ kind: ConfigurationKey.Kind, _ defaultValue: String, _ feature: String, off: String? = nil,
    _ documentation: String
  ) -> ConfigurationKey {
    ConfigurationKey(
      path: path, kind: kind, defaultValue: defaultValue, availability: .unsupported(feature, off: off),
      documentation: documentation)
  }
}
