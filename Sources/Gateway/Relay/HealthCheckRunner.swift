internal import Reactor

/// Runs the periodic health checks: requests the model list of each provider and looks at the status alone.
final class HealthCheckRunner {
  private let reactor: Reactor
  private let transfers: Transfers
  private let dispatcher: Dispatcher
  private let relay: Relay
  private var settings: Settings
  private var timer: TimerID?
  private var isDraining = false

  init(_ settings: Settings, reactor: Reactor, transfers: Transfers, dispatcher: Dispatcher, relay: Relay) {
    self.settings = settings
    self.reactor = reactor
    self.transfers = transfers
    self.dispatcher = dispatcher
    self.relay = relay
    schedule()
  }

  /// Uses other settings from here on.
  func apply(_ settings: Settings) {
    self.settings = settings
    schedule()
  }

  /// Starts the checks that are due, and schedules the next.
  func start() {
    timer = nil
    // A server that sends an answer may be too busy for a check.
    relay.notePieces()
    let due = dispatcher.checksDue(now: reactor.now)
    cancelExpired()
    for index in due {
      let request = settings.modelListRequest(
        index, connectTimeout: settings.configuration.routing.health.timeout)
      let provider = settings.providers[index].id
      _ = transfers.start(request) { .healthCheck($0, provider) }
    }
    schedule()
  }

  private func schedule() {
    guard !isDraining, let next = dispatcher.balancer.health.nextCheck else { return }
    if let timer { reactor.cancel(timer) }
    timer = reactor.setTimer(at: next, tag: TimerKind.healthChecks.tag)
  }

  func transferEnded(_ transfer: TransferID, _ provider: ProviderID, _ end: TransferEnd) {
    let status = reactor.response(of: transfer)?.status ?? 0
    // A provider that rejects the API key or the path is reachable.
    let passed = end == .complete && (200..<500).contains(status)
    if !passed { relay.notePieces() }
    let change = dispatcher.healthChecked(
      provider, passed: passed, hasResponded: end == .complete && status > 0, now: reactor.now)
    if let change { relay.publish(change) }
    schedule()
  }

  /// Cancels the checks that have exceeded their timeout, and those of providers that are gone.
  private func cancelExpired() {
    for owner in transfers.owners {
      guard case .healthCheck(let transfer, let id) = owner else { continue }
      if let index = settings.index(of: id), dispatcher.balancer.health.providers[index].checks.isRunning {
        continue
      }
      transfers.cancel(transfer)
    }
  }

  /// Cancels all checks, because the gateway drains.
  func stop() {
    isDraining = true
    if let timer { reactor.cancel(timer) }
    for owner in transfers.owners {
      if case .healthCheck(let transfer, _) = owner { transfers.cancel(transfer) }
    }
  }
}

@available(*, unavailable)
extension HealthCheckRunner: Sendable {}
