internal import Glibc
internal import Synchronization

/// Writes bytes to a file or to standard error on its own thread, so that the loop never blocks on the write.
public final class LineWriter: Sendable {
  private enum Message: Sendable {
    case bytes([UInt8])
    case end
  }

  private let mailbox: Mailbox<Message>
  private let isDone = Atomic<Bool>(false)

  /// Opens `path` for appending, or uses standard error if it is empty, and starts the thread.
  public init(path: String, waitingBytesMax: Int) throws(SystemError) {
    let descriptor = path.isEmpty ? 2 : unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    if descriptor < 0 { throw SystemError("open \(path)", errno) }
    mailbox = try Mailbox(weightMax: waitingBytesMax, blocking: true)
    do throws(SystemError) {
      try Worker.start { [self] in
        run(descriptor)
        if descriptor != 2 { _ = close(descriptor) }
      }
    } catch {
      if descriptor != 2 { _ = close(descriptor) }
      throw error
    }
  }

  /// Queues bytes. Returns false, and drops them, if `waitingBytesMax` would be exceeded.
  public func write(_ bytes: [UInt8]) -> Bool { mailbox.post(.bytes(bytes), weight: bytes.count) }

  /// Stops the thread after it has written everything in the queue. Waits for that, but no longer than `time`.
  public func finish(within time: Duration) {
    mailbox.post(.end, weight: 0)
    var rest = time
    while !isDone.load(ordering: .acquiring), rest > .zero {
      usleep(1000)
      rest -= .milliseconds(1)
    }
  }

  private func run(_ descriptor: CInt) {
    while true {
      mailbox.wait()
      for message in mailbox.take() {
        switch message {
        case .bytes(let bytes): Self.writeAll(bytes, to: descriptor)
        case .end:
          isDone.store(true, ordering: .releasing)
          return
        }
      }
    }
  }

  /// Writes all bytes to a descriptor and blocks until they are written. Bytes that a full disk or a closed pipe
  /// rejects are lost.
  public static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count > 0 {
        written += count
      } else if errno != EINTR {
        return
      }
    }
  }
}
