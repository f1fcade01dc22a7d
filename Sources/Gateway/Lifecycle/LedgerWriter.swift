internal import Ledger
internal import Reactor

/// Hands the recorder's entries to the ledger's thread, and tells everyone who should know what the thread reports.
final class LedgerWriter {
  /// The longest time for which an entry waits for others.
  static let flushTime = Duration.milliseconds(10)
  /// The longest time that the end of the process waits for the disk.
  private static let closeTime = Duration.seconds(5)

  private let ledger: Ledger
  private let feed: LedgerFeed
  private let reactor: Reactor
  private let recorder: Recorder
  private var isFlushDue = false

  /// Starts the thread of a ledger.
  init(_ ledger: Ledger, _ feed: LedgerFeed, reactor: Reactor, recorder: Recorder) throws(SystemError) {
    self.ledger = ledger
    self.feed = feed
    self.reactor = reactor
    self.recorder = recorder
    try reactor.watch(ledger.reports)
    try ledger.start()
  }

  /// Schedules a flush if entries wait.
  func entriesAdded() {
    guard !isFlushDue, feed.waiting > 0 else { return }
    isFlushDue = true
    _ = reactor.setTimer(at: reactor.now + Self.flushTime, tag: TimerKind.ledger.tag)
  }

  /// The flush timer fired.
  func timerFired() {
    isFlushDue = false
    flush()
    entriesAdded()
  }

  private func flush() { feed.flush { ledger.post($0) } }

  /// Takes what the thread reports.
  func takeReports() {
    for report in ledger.reports.take() {
      switch report {
      case .failing(let error): fail(error, "calls are rejected until it can be written")
      case .failed(let error): fail(error, "calls are rejected until hoosh is restarted")
      case .recovered:
        feed.failure = nil
        publish(feed.state, nil)
        recorder.notify("hoosh: the ledger \(ledger.path) can be written again")
      }
    }
  }

  private func fail(_ error: LedgerError, _ consequence: String) {
    feed.failure = error
    publish(feed.state, error)
    recorder.notify("hoosh: the ledger \(ledger.path) cannot be written: \(error); \(consequence)")
  }

  private func publish(_ state: String, _ error: LedgerError?) {
    recorder.publish(.ledger, at: reactor.wallClock) {
      Writer.member("state", state, to: &$0)
      if let error { Writer.member("error", "\(error)", to: &$0) }
    }
  }

  /// Hands over the last entries, and waits for a short while until they are written.
  func close() {
    flush()
    if !ledger.finish(within: Self.closeTime) {
      recorder.notify(
        "hoosh: the ledger \(ledger.path) was not written in time; the next start closes what is open in it")
    }
  }
}

@available(*, unavailable)
extension LedgerWriter: Sendable {}
