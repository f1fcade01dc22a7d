internal import CLinux
internal import Glibc
internal import Synchronization

/// A bounded, ordered queue of values between threads. Its lock is the only one in the process.
///
/// The sender never blocks: a value that does not fit is dropped and counted. The receiver is either a loop
/// (`Reactor.watch`, then `take` at each `.mailboxReady`) or a thread of its own (`wait`, then `take`).
public final class Mailbox<Value: Sendable>: Sendable {
  private struct State {
    var values: [Value] = []
    var weight = 0
    var dropped = 0
  }

  /// The total weight of waiting values above which `post` drops a value.
  public let weightMax: Int

  private let state = Mutex(State())
  let wake: Int32

  /// Creates a mailbox for a loop (`blocking: false`) or for a thread (`blocking: true`).
  public init(weightMax: Int, blocking: Bool = false) throws(SystemError) {
    self.weightMax = weightMax
    wake = try SystemError.check(linux_eventfd(blocking ? 1 : 0), "eventfd")
  }

  deinit { _ = close(wake) }

  /// Posts a value. Returns false, and counts the loss, if the mailbox is full.
  @discardableResult
  public func post(_ value: Value, weight: Int = 1) -> Bool {
    let (posted, wasEmpty) = state.withLock { state in
      guard state.weight + weight <= weightMax else {
        state.dropped += 1
        return (false, false)
      }
      state.values.append(value)
      state.weight += weight
      return (true, state.values.count == 1)
    }
    if wasEmpty { _ = linux_eventfd_raise(wake) }
    return posted
  }

  /// Blocks until a value is posted. Only for a mailbox created with `blocking: true`.
  public func wait() { _ = linux_eventfd_take(wake) }

  /// Removes and returns all values.
  public func take() -> [Value] {
    state.withLock { state in
      state.weight = 0
      let values = state.values
      state.values = []
      return values
    }
  }

  /// The number of values dropped since the start.
  public var dropped: Int { state.withLock { $0.dropped } }
}
