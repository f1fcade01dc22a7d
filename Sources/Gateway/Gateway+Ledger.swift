public import Ledger
public import Reactor

extension Gateway {
  /// The failure of a ledger that a gateway cannot keep.
  public enum KeepError: Error {
    case ledger(LedgerError)
    case system(SystemError)
  }

  /// Writes down what calls use from here on, and restores budgets, limits, and costs from what was written before. Call it
  /// once, before the gateway listens: it waits for a disk.
  public func keepLedger(_ ledger: Ledger) throws(KeepError) {
    let now = reactor.instant
    let microseconds = now.wall / 1000
    do throws(LedgerError) {
      try ledger.forEachUsed(.ever, now: microseconds) { admission.restore($0, isEver: true, at: now) }
      let restored = admission.restoredTime
      if restored > 0 {
        try ledger.forEachUsed(.since(microseconds - restored / 1000), now: microseconds) { used in
          let age = (microseconds - used.time) &* 1000
          let time = Instant(monotonic: max(0, now.monotonic - age), wall: now.wall - age)
          admission.restore(used, isEver: false, at: time)
        }
      }
      try ledger.forEachUsed(.costs, now: microseconds) { admission.restoreCosts($0) }
      admission.endRestoring()
    } catch { throw .ledger(error) }
    if ledger.interrupted > 0 {
      recorder.notify(
        "hoosh: \(ledger.interrupted) \(ledger.interrupted == 1 ? "call was" : "calls were") interrupted when the last "
          + "process ended; the ledger charges the most that each may have used")
    }
    let feed = LedgerFeed()
    do throws(SystemError) {
      ledgerWriter = try LedgerWriter(ledger, feed, reactor: reactor, recorder: recorder)
    } catch { throw .system(error) }
    recorder.ledger = feed
  }
}
