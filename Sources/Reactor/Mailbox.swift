internal import CLinux
internal import Glibc
internal import Synchronization

/// Values between threads, in order and bounded. The only lock in the process.
///
/// The sender never waits: a value that does not fit is refused and counted. The receiver is either a loop
/// (`Reactor.watch`, then `take` at each `.mailboxReady`) or a thread of its own (`wait`, then `take`).
public final class Mailbox<Value: Sendable>: Sendable {
  private struct State {
    var values: [Value] = []
    var weight = 0
    var refused = 0
  }

  /// The most that may wait, in the unit of `post`'s `weight`.
  public let weightMax: Int

  private let state = Mutex(State())
  let wake: Int32

  /// A mailbox for a loop (`blocking: false`) or for a thread (`blocking: true`).
  public init(weightMax: Int, blocking: Bool = false) throws(SystemError) {
    self.weightMax = weightMax
    wake = try SystemError.check(linux_eventfd(blocking ? 1 : 0), "eventfd")
  }

  deinit { _ = close(wake) }

  /// Leaves a value; false, and counted, when the mailbox is full.
  @discardableResult
  public func post(_ value: Value, weight: Int = 1) -> Bool {
    let (posted, wasEmpty) = state.withLock { state in
      guard state.weight + weight <= weightMax else {
        state.refused += 1
        return (false, false)
      }
      state.values.append(value)
      state.weight += weight
      return (true, state.values.count == 1)
    }
    if wasEmpty { _ = linux_eventfd_raise(wake) }
    return posted
  }

  /// Sleeps until something was posted; for a mailbox made with `blocking: true`.
  public func wait() { _ = linux_eventfd_take(wake) }

  /// Takes everything that waits.
  public func take() -> [Value] {
    state.withLock { state in
      state.weight = 0
      let values = state.values
      state.values = []
      return values
    }
  }

  /// Values refused since the beginning.
  public var refused: Int { state.withLock { $0.refused } }
}
