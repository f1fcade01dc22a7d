internal import Ledger

/// A call on its way through the ledger: from its admission to its row.
final class LedgerItem {
  let call: LedgerCall
  /// The attempt that runs.
  var attempt: LedgerAttempt?
  /// The attempt with which the call ended, and what it used.
  var last: (attempt: LedgerAttempt, usage: LedgerUsage?)?
  /// Attempts so far.
  var attempts = 0
  /// Whether the ledger was told of an attempt.
  var isOpen = false

  init(_ call: LedgerCall) { self.call = call }
}
