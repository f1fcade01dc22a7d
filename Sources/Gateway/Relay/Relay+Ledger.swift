internal import Ledger
internal import Reactor

/// Tells the ledger of calls and their attempts.
extension Relay {
  /// A call was admitted.
  func beginItem(_ exchange: Exchange, _ caller: Caller) {
    guard let ledger = recorder.ledger else { return }
    exchange.ledgerItem = ledger.begin(
      exchange.record, pool: admission.poolName(exchange.call.pool, for: caller), at: reactor.wallClock)
  }

  /// An attempt of a call has its hold.
  func beginAttempt(
    _ exchange: Exchange, _ target: Admission.Target, _ worst: Admission.WorstCase
  ) {
    guard let ledger = recorder.ledger, let item = exchange.ledgerItem else { return }
    ledger.begin(
      LedgerAttempt(
        provider: target.provider, model: target.model, number: item.attempts + 1, promptMax: worst.prompt,
        outputMax: worst.output, expected: worst.expected, costMax: target.costMax(worst)),
      of: item)
  }

  /// An attempt of a call was settled.
  func endAttempt(_ exchange: Exchange, _ target: Admission.Target, _ usage: Usage?) {
    guard let ledger = recorder.ledger, let item = exchange.ledgerItem else { return }
    ledger.end(
      of: item, usage.map { LedgerUsage($0, prices: target.prices) }, isLast: exchange.phase == .over,
      at: reactor.wallClock)
  }
}
