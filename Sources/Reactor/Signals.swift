internal import CLinux
internal import Glibc

/// A signal that the gateway acts on.
public enum Signal: CInt, Sendable, CaseIterable {
  case terminate = 15
  case interrupt = 2
  case hangUp = 1
  /// Start a successor on the same listening socket.
  case user2 = 12
}

/// Signals delivered through a descriptor, so that they are events like any other.
struct Signals: ~Copyable {
  let descriptor: Descriptor

  /// Blocks the signals for this thread, and for threads it starts, while the value exists.
  init() throws(SystemError) {
    let numbers = Signal.allCases.map(\.rawValue)
    descriptor = try Descriptor(owning: unsafe linux_signalfd(numbers, CInt(numbers.count)), from: "signalfd")
  }

  deinit {
    let numbers = Signal.allCases.map(\.rawValue)
    _ = unsafe linux_signals_unblock(numbers, CInt(numbers.count))
  }

  /// Returns the next signal that arrived, or `nil`.
  func take() -> Signal? { Signal(rawValue: linux_signalfd_take(descriptor.raw)) }
}
