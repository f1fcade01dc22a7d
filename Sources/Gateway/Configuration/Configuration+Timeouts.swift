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

    /// Takes the timeouts that are missing here from `general`.
    mutating func fill(from general: TimeoutOverrides) {
      connect = connect ?? general.connect
      send = send ?? general.send
      header = header ?? general.header
      firstEvent = firstEvent ?? general.firstEvent
      modelLoad = modelLoad ?? general.modelLoad
      stall = stall ?? general.stall
      total = total ?? general.total
      throughputMin = throughputMin ?? general.throughputMin
    }
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
      connect: time("connect"), send: time("send"), header: time("header"), firstEvent: time("first_event"),
      modelLoad: time("model_load"), stall: time("stall"), total: time("total"),
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
      connect: time("connect"), send: time("send"), header: time("header"), firstEvent: time("first_event"),
      modelLoad: time("model_load"), stall: time("stall"), total: time("total"),
      throughputMin: values.integer("\(path).bytes_per_sec_min"))
  }
}

extension ConfigurationKeys {
  /// The timeouts that a provider and a model may set for themselves, each with its description.
  private static let timeouts: [(name: String, documentation: String)] = [
    ("connect", "Seconds to connect, including DNS and TLS."),
    ("send", "Seconds without accepting any more of a request's body."),
    ("header", "Seconds from sending a request to the response headers. 0 means no limit of its own."),
    ("first_event", "Seconds from sending a request to the first event of the stream."),
    ("model_load", "Seconds to retry while the provider reports that it is loading the model. 0 does not retry."),
    ("stall", "Seconds between two events of a stream."),
    ("total", "Seconds for a complete non-streaming response."),
  ]

  /// Returns the keys for the timeouts of every element of a list of sections.
  ///
  /// - Parameter level: the level whose values are the defaults.
  static func timeouts(_ list: String, above level: String) -> [ConfigurationKey] {
    timeouts.map { name, documentation in
      ConfigurationKey(
        path: "\(list)[].\(name)_timeout_secs",
        kind: .number((name == "header" || name == "model_load" ? 0 : 0.01)...86400),
        documentation: "\(documentation) Defaults to the \(level) value.")
    } + [
      ConfigurationKey(
        path: "\(list)[].bytes_per_sec_min", kind: .integer(0...1_000_000_000),
        documentation: "Minimum rate of a stream in bytes per second. Defaults to the \(level) value.")
    ]
  }
}
