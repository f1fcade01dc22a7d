internal import Reactor

/// Writes the access log: hands the recorder's entries to a thread that may wait for a slow disk or pipe.
final class AccessLogWriter {
  /// Bytes of entries that may wait for the thread; entries beyond it are dropped and counted.
  static let waitingBytesMax = 4 * 1024 * 1024
  /// Bytes of entries that are handed over before the next flush.
  static let batchBytesMax = 64 * 1024
  /// The longest time for which an entry waits for others.
  static let flushTime = Duration.milliseconds(50)

  private let reactor: Reactor
  private let recorder: Recorder
  private let writer: LineWriter?
  private var isFlushDue = false

  init(_ configuration: Configuration.AccessLog, reactor: Reactor, recorder: Recorder) throws(SystemError) {
    self.reactor = reactor
    self.recorder = recorder
    if configuration.format == .off {
      writer = nil
    } else if configuration.path.isEmpty {
      writer = try LineWriter.standardError()
    } else {
      writer = try LineWriter(path: configuration.path, waitingBytesMax: Self.waitingBytesMax)
    }
  }

  /// Schedules a flush if entries wait, or flushes if there are many.
  func entriesAdded() {
    let pending = recorder.accessLog.pendingBytes
    guard pending > 0 else { return }
    if pending > Self.batchBytesMax { return flush() }
    guard !isFlushDue else { return }
    isFlushDue = true
    _ = reactor.setTimer(at: reactor.now + Self.flushTime, tag: TimerKind.accessLog.tag)
  }

  /// The flush timer fired.
  func timerFired() {
    isFlushDue = false
    flush()
  }

  private func flush() {
    guard let writer else { return }
    recorder.accessLog.countLost(writer.takeLost())
    recorder.accessLog.flush { writer.write($0) }
  }

  /// Opens the file again, because a log rotation has moved it away. Entries so far belong to the old one.
  func reopen() {
    flush()
    writer?.reopen()
  }

  /// Hands over the last entries, and waits for a short while until they are written.
  func close() {
    flush()
    writer?.finish(within: .milliseconds(500))
  }
}

@available(*, unavailable)
extension AccessLogWriter: Sendable {}
