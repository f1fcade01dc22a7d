internal import Reactor

/// `GET /v1/health/providers` and `GET /v1/health/heartbeat`.
extension Endpoints {
  func respondProviders(_ connection: Connection) {
    var out: [UInt8] = []
    out.append("[")
    for (index, configured) in settings.configuration.providers.enumerated() {
      out.append(index == 0 ? "{" : ",{")
      Writer.member("provider", configured.name, to: &out)
      Writer.member("base_url", configured.baseURL.isInProcess ? "" : configured.baseURL.text, to: &out)
      if let proxy = configured.proxy { Writer.member("proxy", proxy.description, to: &out) }
      Writer.member("enabled", configured.isEnabled, to: &out)
      if let enabled = settings.providers.firstIndex(where: { $0.name == configured.name }), configured.isEnabled {
        writeHealth(of: enabled, to: &out)
      } else {
        Writer.member("status", "disabled", to: &out)
      }
      out.append("}")
    }
    out.append("]\n")
    connections.reply(connection, 200, out)
  }

  private func writeHealth(of index: Int, to out: inout [UInt8]) {
    let health = dispatcher.balancer.health.providers[index]
    let status = health.status(at: reactor.now)
    let word =
      switch status {
      case .healthy: health.wasReached ? "healthy" : "unknown"
      case .unhealthy: "unhealthy"
      case .rateLimited: "rate_limited"
      case .credentialsRejected: "credentials_rejected"
      }
    Writer.member("status", word, to: &out)
    Writer.member("consecutive_failures", max(health.breaker.failures, health.checks.failures), to: &out)
    Writer.member("in_flight", Int(dispatcher.balancer.concurrency.inFlight[index]), to: &out)
    Writer.member("keys", health.keys.count, to: &out)
    Writer.member("keys_in_cooldown", health.keys.count { !$0.admits(at: reactor.now) }, to: &out)
    Writer.member("models_in_cooldown", health.models.count(at: reactor.now), to: &out)
    if let checked = health.checks.checked {
      Writer.member("last_check_ms", Int((reactor.now - checked) / .milliseconds(1)), to: &out)
    }
    if let available = health.nextAvailable(at: reactor.now), status != .healthy {
      Writer.member("available_in_ms", Int((available - reactor.now) / .milliseconds(1)), to: &out)
    }
  }

  func respondHeartbeat(_ connection: Connection) {
    let statuses = dispatcher.balancer.health.providers.map { $0.status(at: reactor.now) }
    var out: [UInt8] = Array("{".utf8)
    Writer.member("total_nodes", statuses.count, to: &out)
    Writer.member("online", statuses.count { $0 == .healthy }, to: &out)
    Writer.member("suspect", statuses.count { $0 == .rateLimited || $0 == .credentialsRejected }, to: &out)
    Writer.member("offline", statuses.count { $0 == .unhealthy }, to: &out)
    out.append("}\n")
    connections.reply(connection, 200, out)
  }
}
