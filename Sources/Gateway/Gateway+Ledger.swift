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
    do throws(LedgerError) {
      try admission.restore(at: now) { (past, visit) throws(LedgerError) in
        try ledger.forEachUsed(past, now: now.wall / 1000, visit)
      }
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
