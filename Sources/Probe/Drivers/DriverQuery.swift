/// One driver to probe.
struct DriverQuery: Sendable {
  /// The position among the queries.
  var order: Int
  var source: Source
  /// The library that the process opens.
  var library: String
  /// The environment of the process.
  var environment: [String]
  /// Identifies the driver, its devices, and the boot. A driver that was replaced has another key and is not in
  /// quarantine.
  var key: String
}
