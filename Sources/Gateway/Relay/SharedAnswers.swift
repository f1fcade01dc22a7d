/// The kept answers, and the answers in flight that others may join.
final class SharedAnswers {
  private(set) var configuration: Configuration.Cache
  private var models: [ModelPattern] = []
  var kept: AnswerCache
  var flights: [CacheKey: Flight] = [:]
  var spellings = RecentSpellings()

  init(_ configuration: Configuration.Cache) {
    self.configuration = configuration
    kept = AnswerCache(Self.limits(configuration))
    models = configuration.models.map { ModelPattern($0) }
  }

  /// Uses another configuration. Nothing that was kept or is in flight is for requests from here on: their models and
  /// providers may be others.
  func apply(_ configuration: Configuration.Cache) {
    self.configuration = configuration
    models = configuration.models.map { ModelPattern($0) }
    removeAll()
    kept.use(Self.limits(configuration))
  }

  /// Removes every answer. None that is in flight is kept, or for others.
  func removeAll() {
    kept.removeAll()
    for flight in flights.values { flight.close() }
    flights = [:]
  }

  private static func limits(_ configuration: Configuration.Cache) -> AnswerCache.Limits {
    AnswerCache.Limits(
      entries: configuration.entriesMax, bytes: configuration.bytesMax,
      ttl: configuration.ttl.components.seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue)
  }

  var isEnabled: Bool { configuration.isEnabled }

  /// Whether the answers of a model are kept.
  func serves(_ model: String) -> Bool { models.isEmpty || models.contains { $0.matches(model) } }

  /// Those who share answers with a caller.
  func tenant(_ caller: Caller) -> [UInt8] {
    switch configuration.scope {
    case .everyone: return []
    case .team: if let team = caller.key?.team { return Array("team \(team)".utf8) }
    case .key: break
    }
    guard let id = caller.id else { return Array("anyone".utf8) }
    var tenant = Array("key ".utf8)
    CanonicalJSON.append(number: id.bits, to: &tenant)
    return tenant
  }

  /// A flight is no longer joined, nor is its answer kept.
  func close(_ flight: Flight) {
    flight.close()
    stopJoining(flight)
  }

  /// A flight is no longer joined.
  func stopJoining(_ flight: Flight) {
    if let key = flight.key, flights[key] === flight { flights[key] = nil }
  }
}

@available(*, unavailable)
extension SharedAnswers: Sendable {}
