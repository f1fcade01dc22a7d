internal import CLinux
internal import Glibc

/// An epoll instance, which reports ready descriptors by their token.
@safe
struct Poller: ~Copyable {
  /// The most events taken from the kernel at a time. The others wait for the next turn.
  static let batch = BatchLimit.valueMax

  private let epoll: Descriptor
  private let events: UnsafeMutablePointer<linux_event>

  init() throws(SystemError) {
    epoll = try Descriptor(owning: linux_epoll_create(), from: "epoll_create1")
    unsafe events = .allocate(capacity: Self.batch)
  }

  deinit { unsafe events.deallocate() }

  /// Starts watching a descriptor.
  func watch(_ descriptor: CInt, _ events: UInt32, _ token: Token) throws(SystemError) {
    _ = try SystemError.check(
      linux_epoll_change(epoll.raw, CInt(LINUX_ADD), descriptor, events, token.bits), "epoll_ctl add")
  }

  /// Changes the events that a descriptor is watched for.
  func change(_ descriptor: CInt, _ events: UInt32, _ token: Token) {
    _ = linux_epoll_change(epoll.raw, CInt(LINUX_MODIFY), descriptor, events, token.bits)
  }

  /// Stops watching a descriptor. Closing the descriptor has the same effect.
  func forget(_ descriptor: CInt) {
    _ = linux_epoll_change(epoll.raw, CInt(LINUX_DELETE), descriptor, 0, 0)
  }

  /// Waits until a descriptor is ready or the time is over, rounded up to a millisecond. With `nil`, waits
  /// indefinitely. Takes at most `limit` events.
  ///
  /// Returns the number of events, which can be read by subscript.
  func wait(atMost time: Duration?, limit: Int) -> Int {
    var milliseconds: CInt = -1
    if let time {
      let (seconds, attoseconds) = time.components
      let rounded = seconds.multipliedReportingOverflow(by: 1000)
      let total = rounded.partialValue &+ (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
      milliseconds = rounded.overflow ? CInt.max : CInt(clamping: max(0, total))
    }
    let count = unsafe linux_epoll_wait(epoll.raw, events, CInt(min(limit, Self.batch)), milliseconds)
    // An interrupted wait returns no events. Any other error is a bug.
    precondition(count >= 0 || count == -EINTR, "epoll_wait failed")
    return Int(max(0, count))
  }

  /// The event with an index from the last wait.
  subscript(index: Int) -> (events: UInt32, token: Token) {
    let event = unsafe events[index]
    return (event.events, Token(bits: event.token))
  }
}
