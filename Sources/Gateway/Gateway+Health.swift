internal import Reactor

/// Whether providers are there: looks at them beside the requests, and what is told of it.
extension Gateway {
  /// Begins the looks that are due, and waits for the next.
  func lookAtProviders() {
    probeAlarm = nil
    let due = balancer.checksDue(at: reactor.now)
    endLooks()
    for index in due {
      let transfer = askForModels(of: index, connectTimeout: configuration.routing.health.timeout)
      transfers[transfer.bits] = .look(transfer, provider: providers[index].name)
    }
    armLooks()
  }

  func armLooks() {
    guard !isDraining, let next = balancer.health.nextCheck else { return }
    if let probeAlarm { reactor.cancel(probeAlarm) }
    probeAlarm = reactor.setTimer(at: next, tag: Alarm.looks.tag)
  }

  func lookArrived(_ transfer: TransferID) {
    // What is there is not read: it is there.
    if let response = reactor.response(of: transfer) { reactor.consumeBody(of: transfer, response.body.count) }
  }

  func lookEnded(_ transfer: TransferID, _ provider: String, _ end: TransferEnd) {
    let status = reactor.response(of: transfer)?.status ?? 0
    // A refusal of the key or of the path is somebody's answer.
    let isWell = end == .complete && (200..<500).contains(status)
    if let change = balancer.healthChecked(provider, isWell, at: reactor.now) { tell(change) }
    if queue.count > 0 { isServingDue = true }
    armLooks()
  }

  /// Gives up the looks that are under way and over their time, or all of them.
  func endLooks(all: Bool = false) {
    for owner in transfers.values {
      guard case .look(let transfer, let name) = owner else { continue }
      let index = providers.firstIndex { $0.name == name }
      if !all, let index, balancer.health.providers[index].checks.isRunning { continue }
      transfers[transfer.bits] = nil
      reactor.cancel(transfer)
    }
  }

  /// `GET /v1/health/providers`.
  func replyProviders(_ connection: Connection) {
    var out: [UInt8] = []
    out.append("[")
    for (index, configured) in configuration.providers.enumerated() {
      out.append(index == 0 ? "{" : ",{")
      Writer.member("provider", configured.name, to: &out)
      Writer.member("base_url", configured.baseURL.isInProcess ? "" : configured.baseURL.text, to: &out)
      Writer.member("enabled", configured.isEnabled, to: &out)
      if let place = providers.firstIndex(where: { $0.name == configured.name }), configured.isEnabled {
        writeHealth(of: place, to: &out)
      } else {
        Writer.member("status", "disabled", to: &out)
      }
      out.append("}")
    }
    out.append("]\n")
    reply(connection, 200, out)
  }

  private func writeHealth(of index: Int, to out: inout [UInt8]) {
    let health = balancer.health.providers[index]
    let standing = health.status(at: reactor.now)
    let word =
      switch standing {
      case .healthy: "healthy"
      case .unhealthy: "unhealthy"
      case .rateLimited: "rate_limited"
      case .credentialsRejected: "credentials_refused"
      }
    Writer.member("status", word, to: &out)
    Writer.member("consecutive_failures", max(health.breaker.failures, health.checks.failures), to: &out)
    Writer.member("in_flight", Int(balancer.concurrency.inFlight[index]), to: &out)
    Writer.member("keys", health.keys.count, to: &out)
    Writer.member("keys_resting", health.keys.count { !$0.admits(at: reactor.now) }, to: &out)
    if let checked = health.checks.checked {
      Writer.member("last_check_ms", Int((reactor.now - checked) / .milliseconds(1)), to: &out)
    }
    if let back = health.nextAvailable(at: reactor.now), standing != .healthy {
      Writer.member("returns_in_ms", Int((back - reactor.now) / .milliseconds(1)), to: &out)
    }
  }

  /// `GET /v1/health/heartbeat`: providers by how they are, and what the machine has for them.
  func replyHeartbeat(_ connection: Connection) {
    let standings = balancer.health.providers.map { $0.status(at: reactor.now) }
    var out: [UInt8] = Array("{".utf8)
    Writer.member("total_nodes", standings.count, to: &out)
    Writer.member("online", standings.count { $0 == .healthy }, to: &out)
    Writer.member("suspect", standings.count { $0 == .rateLimited || $0 == .credentialsRejected }, to: &out)
    Writer.member("offline", standings.count { $0 == .unhealthy }, to: &out)
    out.append("}\n")
    reply(connection, 200, out)
  }
}
