internal import Reactor

/// Where the journal's lines go: a bounded mailbox, emptied by a thread that may wait for a slow disk or pipe.
///
/// Lines that do not fit are dropped and counted; the count is written when there is room again.
final class Journal {
  /// Bytes of lines that may wait for the thread.
  static let waitingBytesMax = 4 * 1024 * 1024
  /// Bytes after which lines are handed over before the next flush.
  static let batchBytesMax = 64 * 1024
  /// The longest that a line waits for company.
  static let flushTime = Duration.milliseconds(50)

  let format: Configuration.AccessLog.Format
  private let writer: LineWriter?
  var pending: [UInt8] = []
  private var pendingLines = 0
  private(set) var dropped = 0
  private var droppedToTell = 0
  /// Whether a flush is already to come.
  var isFlushDue = false

  init(_ configuration: Configuration.AccessLog) throws(SystemError) {
    format = configuration.format
    writer = format == .off ? nil : try LineWriter(path: configuration.path, waitingBytesMax: Self.waitingBytesMax)
  }

  /// Adds one row to what waits.
  func add(_ row: JournalRow, wallClock: UInt64) {
    switch format {
    case .off: return
    case .json: row.writeJSON(wallClock: wallClock, into: &pending)
    case .text: row.writeText(wallClock: wallClock, into: &pending)
    }
    pendingLines += 1
  }

  /// Hands what waits to the thread.
  func flush() {
    isFlushDue = false
    guard let writer, !pending.isEmpty else { return }
    if droppedToTell > 0 {
      pending.append(format == .json ? "{\"journal_lines_dropped\":" : "journal lines dropped: ")
      pending.append(decimal: droppedToTell)
      pending.append(format == .json ? "}\n" : "\n")
    }
    if writer.write(pending) {
      droppedToTell = 0
    } else {
      dropped += pendingLines
      droppedToTell += pendingLines
    }
    pending.removeAll(keepingCapacity: true)
    pendingLines = 0
  }

  /// Waits for the thread to have written everything, for a short while.
  func close() { writer?.finish(within: .milliseconds(500)) }
}

extension Gateway {
  /// Writes a finished request to the journal.
  func record(_ row: JournalRow) {
    guard journal.format != .off else { return }
    journal.add(row, wallClock: reactor.wallClock)
    if journal.pending.count > Journal.batchBytesMax { return journal.flush() }
    guard !journal.isFlushDue else { return }
    journal.isFlushDue = true
    _ = reactor.setTimer(at: reactor.now + Journal.flushTime, tag: Alarm.journal.tag)
  }

  func flushJournal() { journal.flush() }
}
