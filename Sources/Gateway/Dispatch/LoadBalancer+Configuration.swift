// Traffic as a configuration wants it.

// In a configuration these words mean its sections.
private typealias BreakerSettings = Breaker.Settings

extension Configuration {
  /// Complains when the providers' routes cannot be compiled; a configuration that is used must pass.
  public func checkRoutes(file: String) throws(ConfigurationErrors) {
    do throws(RouteTableError) {
      _ = try table(generation: 0)
    } catch {
      throw ConfigurationErrors([ConfigurationError(file: file, message: error.description)])
    }
  }

  var enabled: [Provider] { providers.filter(\.isEnabled) }

  var policy: Policy { Policy(routing.strategy, localFirst: routing.localFirst) }

  func table(generation: UInt32) throws(RouteTableError) -> RouteTable {
    let names = routing.aliases.filter { $0.provider == nil }
    return try RouteTable(
      enabled.map { provider in
        let own = routing.aliases.filter { $0.provider == provider.name }
        return RouteTable.Provider(
          provider.name, priority: provider.priority, weight: provider.weight, isLocal: provider.kind.row.isLocal,
          models: provider.models, upstreamNames: own.map { RouteTable.Rename($0.model, $0.name) })
      },
      aliases: names.map { RouteTable.Rename($0.name, $0.model) },
      virtuals: routing.virtualModels.map { virtual in
        RouteTable.VirtualModel(
          virtual.name, virtual.targets.map { RouteTable.Target($0) }, isPool: virtual.isPool,
          strategy: virtual.strategy)
      }, generation: generation)
  }

  /// Everybody healthy; the first looks at providers are spread over one interval.
  func health(now: Duration) -> [(id: ProviderID, health: ProviderHealth)] {
    var breaker = BreakerSettings()
    let wished = routing.breaker
    breaker.failuresMax = wished.consecutiveFailuresMax > 0 ? wished.consecutiveFailuresMax : .max
    breaker.requestsMin = wished.consecutiveFailuresMax > 0 ? breaker.requestsMin : .max
    breaker.failuresPercent = wished.failureRatePercent
    breaker.openTime = wished.openTime
    breaker.openTimeMax = max(wished.openTime, breaker.openTimeMax)
    let checks = HealthChecks.Settings(
      interval: routing.health.interval, failuresMax: routing.health.unhealthyThreshold,
      successesMin: routing.health.healthyThreshold, deadline: routing.health.timeout)
    let enabled = enabled
    return enabled.indices.map { index in
      let first = now + checks.interval / enabled.count * (index + 1)
      // Nobody has to look whether a part of the process is there.
      let settings = enabled[index].demo == nil ? checks : HealthChecks.Settings(interval: .zero)
      return (
        ProviderID(name: enabled[index].name),
        ProviderHealth(
          keys: enabled[index].keys.count, breaker, checks: HealthChecks(settings, first: first))
      )
    }
  }

  var concurrencyLimits: [ConcurrencyLimits.Provider] {
    enabled.map { provider in
      ConcurrencyLimits.Provider(
        id: ProviderID(name: provider.name), limit: provider.concurrencyMax,
        models: models(at: provider.name).compactMap { model in model.concurrencyMax.map { (model.name, $0) } })
    }
  }

  /// The catalog, with what the file says of models.
  var knownModels: KnownModels {
    KnownModels(
      enabled.map {
        KnownModels.Provider(
          kind: $0.kind.row.displayName, isLocal: $0.kind.row.isLocal, models: models(at: $0.name))
      }, catalog: .builtIn)
  }

  /// How the same provider is asked again until a deadline.
  func backoff(deadline: Duration) -> Backoff {
    var backoff = Backoff(deadline: deadline)
    backoff.base = routing.retry.base
    backoff.delayMax = routing.retry.delayMax
    backoff.attemptsMax = routing.retry.retriesMax + 1
    backoff.jitter = routing.retry.jitter
    return backoff
  }
}
