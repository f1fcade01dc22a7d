internal import Glibc
public import Reactor

/// The ledger: what callers used, in a SQLite file that survives a crash.
///
/// A thread of its own owns the file. Its mailbox takes entries, and everything that has arrived by then is one commit. The
/// sender never waits, and holds no lock that the thread holds while it writes.
public final class Ledger: Sendable {
  /// Something that the thread tells the loop.
  public enum Report: Sendable, Equatable {
    /// Nothing can be written, and the thread tries again.
    case failing(LedgerError)
    /// Everything that waited is written.
    case recovered
    /// Nothing can be written before a restart.
    case failed(LedgerError)
  }

  private enum Message: Sendable {
    case entries([LedgerEntry])
    case end
  }

  /// Entries that may wait for the disk.
  public static let waitingMax = 65_536
  /// Reports that may wait for the loop.
  private static let reportsMax = 64
  /// The time between two tries to write, in microseconds.
  private static let retryMicroseconds: UInt32 = 500_000

  public let path: String
  /// The reports of the thread, for `Reactor.watch`.
  public let reports: Mailbox<Report>
  /// The calls of the process before this one that were closed as interrupted.
  public let interrupted: Int
  private let retention: LedgerRetention
  private let lock: LedgerLock
  private let mailbox: Mailbox<Message>
  private let ended: Mailbox<Bool>

  /// Opens the ledger at a path for this process, or makes it, and closes the calls that ran when the last process ended.
  /// Blocks for the disk.
  ///
  /// - Parameter now: Microseconds since 1970.
  public init(
    _ path: String, retention: LedgerRetention = LedgerRetention(), now: Int64
  ) throws(LedgerError) {
    self.path = path
    self.retention = retention
    lock = try LedgerLock.take(path)
    try LedgerFile.prepare(path)
    interrupted = try LedgerFile(path, isNewRun: false).closeOpen(at: now)
    do throws(SystemError) {
      reports = try Mailbox(weightMax: Self.reportsMax)
      mailbox = try Mailbox(weightMax: Self.waitingMax, blocking: true)
      ended = try Mailbox(weightMax: 1)
    } catch {
      throw .unusable("\(error)")
    }
  }

  /// Reads a part of the past, and gives each piece to `visit`. Blocks for the disk.
  ///
  /// - Parameter now: Microseconds since 1970.
  public func forEachUsed(
    _ past: LedgerPast, now: Int64, _ visit: (LedgerUsed) -> Void
  ) throws(LedgerError) {
    try Database(path, .read).forEachUsed(past, now: now, visit)
  }

  /// Starts the thread, which owns the file from here on.
  public func start() throws(SystemError) { try Worker.start { [self] in run() } }

  /// Hands entries over. Returns false, and takes none, if too many wait. Entries that cannot be written are lost only after
  /// `Report.failed`.
  public func post(_ entries: [LedgerEntry]) -> Bool { mailbox.post(.entries(entries), weight: entries.count) }

  /// Ends the thread after it has written everything that waits. Waits for that, but no longer than `time`, and returns
  /// whether it was.
  public func finish(within time: Duration) -> Bool {
    mailbox.post(.end, weight: 0)
    var rest = time
    while rest > .zero {
      if !ended.take().isEmpty { return true }
      usleep(1000)
      rest -= .milliseconds(1)
    }
    return false
  }

  // MARK: The thread

  private func run() {
    var file: LedgerFile?
    persist { () throws(LedgerError) in file = try LedgerFile(path, isNewRun: true) }
    // The quarter of an hour in which old rows were removed.
    var swept: Int64?
    while true {
      mailbox.wait()
      repeat {
        guard writeArrived(to: &file) else {
          // The last connection to the file writes its log back.
          file = nil
          ended.post(true)
          return
        }
      } while removesMore(of: file, &swept)
    }
  }

  /// Writes the entries that have arrived. Returns false if they are the last.
  private func writeArrived(to file: inout LedgerFile?) -> Bool {
    var (entries, goesOn): ([LedgerEntry], Bool) = ([], true)
    for message in mailbox.take() {
      switch message {
      case .entries(let more): if entries.isEmpty { entries = more } else { entries += more }
      case .end: goesOn = false
      }
    }
    if let open = file, !entries.isEmpty {
      let isWritten = persist { () throws(LedgerError) in try open.write(entries) }
      if !isWritten { file = nil }
    }
    return goesOn
  }

  /// Removes some old rows, once in each quarter of an hour. Returns whether there are more.
  private func removesMore(of file: LedgerFile?, _ swept: inout Int64?) -> Bool {
    guard let file, file.bucket != swept else { return false }
    // Rows that cannot be removed now are removed later: they take nothing from the calls.
    if (try? file.removeOld(retention)) == true { return true }
    swept = file.bucket
    return false
  }

  /// Tries until it succeeds, and reports that it fails. Returns false if it cannot succeed.
  @discardableResult
  private func persist(_ body: () throws(LedgerError) -> Void) -> Bool {
    var isFailing = false
    while true {
      do throws(LedgerError) {
        try body()
        if isFailing { reports.post(.recovered) }
        return true
      } catch {
        guard error.mayPass else {
          reports.post(.failed(error))
          return false
        }
        if !isFailing { reports.post(.failing(error)) }
        isFailing = true
        usleep(Self.retryMicroseconds)
      }
    }
  }
}
