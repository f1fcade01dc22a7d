internal import Glibc
internal import Synchronization

/// Writes lines to a file or to standard error on its own thread, so that the loop never blocks on the write.
public final class LineWriter: Sendable {
  private enum Message: Sendable {
    case lines([UInt8])
    case reopen
    case flush(Completion)
    case end(Completion)
  }

  private final class Completion: Sendable {
    let isReached = Atomic<Bool>(false)
  }

  /// Bytes that may wait for standard error.
  private static let standardErrorBytesMax = 4 * 1024 * 1024
  private static let shared = Result { () throws(SystemError) in
    try LineWriter(path: "", waitingBytesMax: standardErrorBytesMax, isShared: true)
  }
  private static let isServing = Atomic<Bool>(false)

  private let mailbox: Mailbox<Message>
  private let isShared: Bool
  private let reopenings = Atomic<Int>(0)
  private let lost = Atomic<Int>(0)

  /// Opens `path` for appending, or uses standard error if it is empty, and starts the thread.
  public convenience init(path: String, waitingBytesMax: Int) throws(SystemError) {
    try self.init(path: path, waitingBytesMax: waitingBytesMax, isShared: false)
  }

  private init(path: String, waitingBytesMax: Int, isShared: Bool) throws(SystemError) {
    self.isShared = isShared
    mailbox = try Mailbox(weightMax: waitingBytesMax, blocking: true)
    let opened = try LineOutput.open(path)
    do throws(SystemError) {
      try Worker.start { [self] in run(LineOutput(path, opened)) }
    } catch {
      _ = LineOutput(path, opened)
      throw error
    }
  }

  /// Returns the writer of standard error, which everything shares that writes there while the loop runs.
  public static func standardError() throws(SystemError) -> LineWriter { try shared.get() }

  /// Queues lines. Returns false, and drops them, if `waitingBytesMax` would be exceeded.
  public func write(_ lines: [UInt8]) -> Bool { mailbox.post(.lines(lines), weight: lines.count) }

  /// Opens the path again after what is queued so far, because its file was moved away. Gives up lines that wait for
  /// the reader of a full pipe.
  public func reopen() {
    reopenings.wrappingAdd(1, ordering: .releasing)
    mailbox.post(.reopen, weight: 0)
  }

  /// Returns the number of lines that a full disk or a closed pipe rejected since the last call.
  public func takeLost() -> Int { lost.exchange(0, ordering: .acquiringAndReleasing) }

  /// Stops the thread, unless others share it, after it has written everything in the queue. Waits for that, but no
  /// longer than `time`.
  public func finish(within time: Duration) {
    let completion = Completion()
    mailbox.post(isShared ? .flush(completion) : .end(completion), weight: 0)
    var rest = time
    while !completion.isReached.load(ordering: .acquiring), rest > .zero {
      usleep(1000)
      rest -= .milliseconds(1)
    }
  }

  private func run(_ opened: consuming LineOutput) {
    var output = opened
    var reopened = 0
    while true {
      mailbox.wait()
      for message in mailbox.take() {
        switch message {
        case .lines(let lines):
          let count = output.write(lines) { reopenings.load(ordering: .acquiring) > reopened }
          if count > 0 { lost.wrappingAdd(count, ordering: .relaxed) }
        case .reopen:
          reopened += 1
          do throws(SystemError) { try output.reopen() } catch {
            Self.printError("hoosh: cannot reopen the log, and goes on with the old file: \(error)\n")
          }
        case .flush(let completion): completion.isReached.store(true, ordering: .releasing)
        case .end(let completion): return completion.isReached.store(true, ordering: .releasing)
        }
      }
    }
  }
}

extension LineWriter {
  /// From here on, `printError` never blocks: standard error may be a pipe or a terminal that is not read.
  public static func startServing() { isServing.store(true, ordering: .releasing) }

  /// Waits until what was written since `startServing` has reached standard error, but no longer than `time`.
  public static func finishServing(within time: Duration) {
    if isServing.load(ordering: .acquiring), let writer = try? standardError() { writer.finish(within: time) }
  }

  /// Writes text to standard error.
  public static func printError(_ text: String) {
    let bytes = Array(text.utf8)
    if isServing.load(ordering: .acquiring), let writer = try? standardError() {
      _ = writer.write(bytes)
    } else {
      _ = writeAll(bytes, to: STDERR_FILENO)
    }
  }

  /// Writes all bytes to a descriptor and blocks until they are written, also where the descriptor does not block.
  /// Returns the error after which the rest is lost, if there is one.
  public static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> SystemError? {
    LineOutput.put(bytes[...], to: descriptor, patience: -1) { false }.error
  }
}
