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

/// Signals as bytes on a descriptor, so that one is an event like any other.
struct Signals: ~Copyable {
  let descriptor: Descriptor

  /// Blocks the signals for this thread, and those it starts, until the value goes.
  init() throws(SystemError) {
    let numbers = Signal.allCases.map(\.rawValue)
    descriptor = try Descriptor(owning: unsafe linux_signalfd(numbers, CInt(numbers.count)), from: "signalfd")
  }

  deinit {
    let numbers = Signal.allCases.map(\.rawValue)
    _ = unsafe linux_signals_unblock(numbers, CInt(numbers.count))
  }

  /// The next signal that arrived.
  func take() -> Signal? { Signal(rawValue: linux_signalfd_take(descriptor.raw)) }
}
