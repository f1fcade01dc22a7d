extension ConfigurationKeys {
  /// The keys of planned features. They are checked, so that enabling one is an error at start.
  static let unsupported: [ConfigurationKey] = [
    key("providers[].tls_pinned_certs", .strings(64), "", pins, off: "[]", "Pinned certificates of the provider."),
    key("providers[].client_cert", .string, "", client, off: "", "File of the client certificate."),
    key("providers[].client_key", .string, "", client, off: "", "File of the client certificate's key."),
    key("whisper.model", .string, "", "speech transcription", off: "", "File of the Whisper model."),
    key("tts.url", .string, "", "speech synthesis", off: "", "URL of the speech server."),
    key("audit.enabled", .boolean, "false", audit, off: "false", "Whether an audit chain is written."),
    key("audit.signing_key", .secret, "", audit, "Key that signs the audit chain."),
    key("audit.max_entries", .integer(0...4_294_967_295), "10000", audit, off: "0", "Largest number of entries."),
    key("telemetry.otlp_endpoint", .string, "", telemetry, off: "", "URL that traces are sent to."),
    key("telemetry.service_name", .string, "hoosh", telemetry, "Service name in the traces."),
    key("context.enabled", .boolean, "false", context, off: "false", "Whether long conversations are compacted."),
    key(
      "context.compaction_threshold", .number(0...1), "0.8", context, "Used share of the context that triggers it."),
    key("context.keep_last_messages", .integer(0...1_000_000), "10", context, "Messages that are always kept."),
    key("hardware.cache_ttl_secs", .number(0...31_536_000), "300", hardware, off: "0", "Seconds a scan is cached."),
    key("hardware.disabled_backends", .strings(64), "", hardware, off: "[]", "Device types that are ignored."),
    key("hardware.vram_reserve_bytes", .integer(0...Int64.max), "0", hardware, off: "0", "Memory to leave free."),
    key("hardware.refresh_interval_secs", .number(0...86400), "0", hardware, off: "0", "Seconds between scans."),
  ]

  // The features, each as the subject of a sentence.
  private static let pins = "certificate pinning"
  private static let client = "client certificate authentication"
  private static let audit = "audit logging"
  private static let telemetry = "trace export"
  private static let context = "context compaction"
  private static let hardware = "tuning of hardware detection"

  private static func key(
    _ path: String, _ kind: ConfigurationKey.Kind, _ defaultValue: String, _ feature: String, off: String? = nil,
    _ documentation: String
  ) -> ConfigurationKey {
    ConfigurationKey(
      path: path, kind: kind, defaultValue: defaultValue, availability: .unsupported(feature, off: off),
      documentation: documentation)
  }
}
