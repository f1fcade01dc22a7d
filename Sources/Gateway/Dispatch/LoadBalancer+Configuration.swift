// The parts of a load balancer, compiled from a configuration.

// Inside `Configuration`, `Breaker` means its section of that name.
private typealias BreakerSettings = Breaker.Settings

extension Configuration.Provider {
  /// Stands for the address and the keys, within this process.
  fileprivate var identity: Int {
    var hasher = Hasher()
    hasher.combine(baseURL.text)
    for key in keys { hasher.combine(key.reveal()) }
    return hasher.finalize()
  }
}

extension Configuration {
  /// Throws if the routes of the providers cannot be compiled.
  public func checkRoutes(file: String) throws(ConfigurationErrors) {
    do throws(RouteTableError) {
      _ = try table(generation: 0)
    } catch {
      throw ConfigurationErrors([ConfigurationError(file: file, message: error.description)])
    }
  }

  /// The providers that are not disabled; an index into them is a provider's index everywhere in `Dispatch`.
  var enabled: [Provider] { providers.filter(\.isEnabled) }

  /// The address of each enabled provider.
  var addresses: [ProviderID: BaseURL] {
    Dictionary(enabled.map { (ProviderID(name: $0.name), $0.baseURL) }) { first, _ in first }
  }

  /// The selection policy for models without one of their own.
  var policy: Policy { Policy(routing.strategy, localFirst: routing.localFirst) }

  /// Compiles the route table. `lists` has the models that providers list, as far as they are known.
  func table(generation: UInt32, lists: [ProviderID: [String]] = [:]) throws(RouteTableError) -> RouteTable {
    let names = routing.aliases.filter { $0.provider == nil }
    return try RouteTable(
      enabled.map { provider in
        let own = routing.aliases.filter { $0.provider == provider.name }
        return RouteTable.Provider(
          provider.name, priority: provider.priority, weight: provider.weight,
          isLocal: provider.isOnThisMachine,
          models: provider.models,
          listed: lists[ProviderID(name: provider.name)] ?? (provider.isDiscovered ? [] : nil),
          isOnly: providers.count == 1 && !provider.isDiscovered,
          allowsHostedFallback: provider.allowsHostedFallback,
          upstreamNames: own.map { RouteTable.Rename($0.model, $0.name) })
      },
      disabled: providers.filter { !$0.isEnabled }.map(\.name),
      aliases: names.map {
        RouteTable.Rename($0.name, $0.model, allowsHostedFallback: $0.allowsHostedFallback)
      },
      virtuals: routing.virtualModels.map { virtual in
        RouteTable.VirtualModel(
          virtual.name, virtual.targets.map { RouteTable.Target($0) }, isPool: virtual.isPool,
          strategy: virtual.strategy)
      }, generation: generation)
  }

  /// Returns the initial health of the enabled providers. Their first health checks are spread over one interval.
  func health(now: Duration) -> [(id: ProviderID, health: ProviderHealth)] {
    var breaker = BreakerSettings()
    let configured = routing.breaker
    breaker.failuresMax = configured.consecutiveFailuresMax > 0 ? configured.consecutiveFailuresMax : .max
    breaker.requestsMin = configured.consecutiveFailuresMax > 0 ? breaker.requestsMin : .max
    breaker.failuresPercent = configured.failureRatePercent
    breaker.openTime = configured.openTime
    breaker.openTimeMax = max(configured.openTime, breaker.openTimeMax)
    let checks = HealthChecks.Settings(
      interval: routing.health.interval, failuresMax: routing.health.unhealthyThreshold,
      successesMin: routing.health.healthyThreshold, deadline: routing.health.timeout)
    let enabled = enabled
    return enabled.indices.map { index in
      let first = now + checks.interval / enabled.count * (index + 1)
      // The demo provider is part of this process and needs no health checks.
      let settings = enabled[index].demo == nil ? checks : HealthChecks.Settings(interval: .zero)
      return (
        ProviderID(name: enabled[index].name),
        ProviderHealth(
          keys: enabled[index].keys.count, breaker, checks: HealthChecks(settings, first: first),
          identity: enabled[index].identity)
      )
    }
  }

  /// The concurrency limits of the enabled providers and their models.
  var concurrencyLimits: [ConcurrencyLimits.Provider] {
    enabled.map { provider in
      ConcurrencyLimits.Provider(
        id: ProviderID(name: provider.name), limit: provider.concurrencyMax,
        models: models(at: provider.name).compactMap { model in model.concurrencyMax.map { (model.name, $0) } })
    }
  }

  /// The built-in model catalog, with the settings of the file taking precedence.
  var knownModels: KnownModels {
    KnownModels(
      enabled.map {
        KnownModels.Provider(
          kind: $0.kind.row.displayName, dialect: $0.dialect, isLocal: $0.isOnThisMachine,
          models: models(at: $0.name))
      }, catalog: .builtIn)
  }

  /// Returns the backoff for retries at the same provider, up to a deadline.
  func backoff(deadline: Duration) -> Backoff {
    Backoff(routing.retry, deadline: deadline)
  }
}
