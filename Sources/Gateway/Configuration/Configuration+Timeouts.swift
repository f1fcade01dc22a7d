extension Configuration {
  /// The timeouts that a provider or a model sets for itself. A missing one is that of the level above.
  struct TimeoutOverrides: Sendable, Equatable {
    var connect: Duration?
    var send: Duration?
    var header: Duration?
    var firstEvent: Duration?
    var modelLoad: Duration?
    var stall: Duration?
    var total: Duration?
    var throughputMin: Int?
  }
}

extension Timeouts {
  /// Returns the timeouts with those of `overrides` in their place.
  func replaced(by overrides: Configuration.TimeoutOverrides) -> Timeouts {
    Timeouts(
      connect: overrides.connect ?? connect, send: overrides.send ?? send, header: overrides.header ?? header,
      firstEvent: overrides.firstEvent ?? firstEvent, modelLoad: overrides.modelLoad ?? modelLoad,
      stall: overrides.stall ?? stall, total: overrides.total ?? total,
      throughputMin: overrides.throughputMin ?? throughputMin, commitAfter: commitAfter,
      keepAliveComment: keepAliveComment)
  }
}

extension ConfigurationReader {
  /// Reads the timeouts of the `[server]` section.
  func timeouts() -> Timeouts {
    func time(_ name: String) -> Duration { values.seconds("server.upstream_\(name)_timeout_secs") }
    return Timeouts(
      connect: time("connect"), send: time("send"), header: time("head"), firstEvent: time("first_event"),
      modelLoad: time("load"), stall: time("stall"), total: time("total"),
      throughputMin: values.integer("server.upstream_bytes_per_sec_min") ?? 0,
      commitAfter: values.seconds("server.commit_after_secs"),
      keepAliveComment: values.seconds("server.keep_alive_comment_secs"))
  }

  /// Reads the timeouts that the provider or model at `path` sets for itself.
  func timeoutOverrides(_ path: String) -> Configuration.TimeoutOverrides {
    func time(_ name: String) -> Duration? {
      let path = "\(path).\(name)_timeout_secs"
      return values.isSet(path) ? values.seconds(path) : nil
    }
    return Configuration.TimeoutOverrides(
      connect: time("connect"), send: time("send"), header: time("head"), firstEvent: time("first_event"),
      modelLoad: time("load"), stall: time("stall"), total: time("total"),
      throughputMin: values.integer("\(path).bytes_per_sec_min"))
  }
}

extension ConfigurationKeys {
  /// The timeouts that a provider and a model may set for themselves, each with its purpose.
  private static let timeouts: [(name: String, what: String)] = [
    ("connect", "to connect, name lookup and TLS included"), ("send", "to take some of a request's body"),
    ("head", "to begin the head of an answer; 0 is as long as for its first event"),
    ("first_event", "to begin a stream"), ("load", "to load a model, as long as it says so"),
    ("stall", "to go on with a stream"), ("total", "to make an answer that is no stream"),
  ]

  /// Returns the keys for the timeouts of every element of a list of sections.
  static func timeouts(_ list: String, of whom: String, as general: String) -> [ConfigurationKey] {
    timeouts.map { name, what in
      ConfigurationKey(
        path: "\(list)[].\(name)_timeout_secs",
        kind: .number((name == "head" || name == "load" ? 0 : 0.01)...86400),
        documentation: "Seconds that \(whom) has \(what); as \(general) unless given.")
    } + [
      ConfigurationKey(
        path: "\(list)[].bytes_per_sec_min", kind: .integer(0...1_000_000_000),
        documentation: "Bytes a second that a stream of \(whom) must have; as \(general) unless given.")
    ]
  }
}
