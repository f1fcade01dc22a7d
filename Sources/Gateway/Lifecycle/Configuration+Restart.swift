extension Configuration {
  /// The keys that are read at the start only, each with a value that tells whether it changed.
  private var startValues: [(key: String, value: String)] {
    [
      ("server.bind", server.bind), ("server.port", "\(server.port)"),
      ("server.clients_max", "\(server.clientsMax)"),
      ("server.clients_per_address_max", "\(server.clientsPerAddressMax ?? -1)"),
      ("server.request_bodies_bytes_max", "\(server.requestBodiesBytesMax)"),
      ("server.memory_bytes_max", "\(server.memoryBytesMax)"),
      ("server.output_high_water_bytes", "\(server.outputHighWater)"),
      ("server.dns_cache_secs", "\(server.dnsCache)"),
      ("auth.key_file", auth.keyFile), ("admin.port", admin.map { "\($0.port)" } ?? ""),
      ("admin.bind", admin?.bind ?? ""), ("access_log.format", accessLog.format.rawValue),
      ("access_log.path", accessLog.path),
      ("ledger.path", ledger.path),
      ("ledger.keep_days", "\(ledger.keepDays)"), ("ledger.bytes_max", "\(ledger.bytesMax)"),
    ]
  }

  /// Returns the keys whose values differ from those of the start, so that they take a restart.
  func keysNeedingRestart(since start: Configuration) -> [String] {
    zip(startValues, start.startValues).filter { $0.value != $1.value }.map(\.0.key)
  }
}
