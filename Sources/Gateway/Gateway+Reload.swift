internal import Reactor

/// Uses another configuration.
extension Gateway {
  /// The configuration was read again: uses it, and says what came of it to everyone who should know.
  func reloadEnded(_ read: Result<Configuration, ConfigurationErrors>) {
    switch read {
    case .failure(let errors): endpoints.reloadEnded(ReloadFailure(errors), needsRestart: [])
    case .success(let read):
      let configuration = read.keepingServers(of: settings.configuration)
      let isKnown = read.isDiscovered && configuration.providers == settings.configuration.providers
      if isKnown, !endpoints.isReloadAwaited { return }
      let keys = configuration.keysNeedingRestart(since: startConfiguration)
      // Callers can request reloads, so one that changes nothing must not cost the loop a compilation of all models.
      if configuration == settings.configuration, !connections.isDraining {
        endpoints.modelLists.refreshForRouting()
        return endpoints.reloadEnded(nil, needsRestart: keys)
      }
      let notes = read.notes.filter { !settings.configuration.notes.contains($0) }
      endpoints.reloadEnded(apply(configuration).map { ReloadFailure($0) }, needsRestart: keys, notes: notes)
    }
  }

  /// Uses another configuration from here on; returns why it cannot, if so.
  ///
  /// Requests that run go on as they began, and their next attempt uses the new one. Knowledge of providers that keep
  /// their name is kept. Where the gateway listens, its access log and its client limits are those of the start.
  func apply(_ configuration: Configuration) -> String? {
    if connections.isDraining { return "The gateway is stopping." }
    let replaced = settings.replaced(by: configuration)
    if let objection = protection.objection(to: replaced.configuration, after: settings.configuration) {
      return objection
    }
    if let name = replaced.keys.ring?.conflict(with: configuration) {
      return "The key file has a key `\(name)`, too. Names are unique: rename one of them."
    }
    // Model lists that are awaited are those of the providers before.
    endpoints.modelLists.finish()
    do throws(RouteTableError) {
      try dispatcher.replace(replaced.configuration, now: reactor.now)
    } catch {
      return error.description
    }
    protection.accepted(replaced.configuration)
    use(replaced)
    endpoints.modelLists.refreshForRouting()
    endpoints.modelLists.holdRequests()
    finishEvent()
    return nil
  }
}
