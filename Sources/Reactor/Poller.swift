internal import CLinux
internal import Glibc

/// epoll: which descriptors are ready, told by token.
@safe
struct Poller: ~Copyable {
  /// The most events taken from the kernel at a time; more wait for the next turn.
  static let batch = BatchLimit.valueMax

  private let epoll: Descriptor
  private let events: UnsafeMutablePointer<linux_event>

  init() throws(SystemError) {
    epoll = try Descriptor(owning: linux_epoll_create(), from: "epoll_create1")
    unsafe events = .allocate(capacity: Self.batch)
  }

  deinit { unsafe events.deallocate() }

  /// Starts to watch a descriptor.
  func watch(_ descriptor: CInt, _ events: UInt32, _ token: Token) throws(SystemError) {
    _ = try SystemError.check(
      linux_epoll_change(epoll.raw, CInt(LINUX_ADD), descriptor, events, token.bits), "epoll_ctl add")
  }

  /// Changes what a watched descriptor is watched for.
  func change(_ descriptor: CInt, _ events: UInt32, _ token: Token) {
    _ = linux_epoll_change(epoll.raw, CInt(LINUX_MODIFY), descriptor, events, token.bits)
  }

  /// Stops watching a descriptor; closing it does the same.
  func forget(_ descriptor: CInt) {
    _ = linux_epoll_change(epoll.raw, CInt(LINUX_DELETE), descriptor, 0, 0)
  }

  /// Sleeps until something is ready or the time is over, rounded up to a millisecond; `nil` sleeps on. Of what is
  /// ready it takes `most` at most.
  ///
  /// Returns how many events are to be read by subscript.
  func wait(atMost time: Duration?, most: Int) -> Int {
    var milliseconds: CInt = -1
    if let time {
      let (seconds, attoseconds) = time.components
      let rounded = seconds.multipliedReportingOverflow(by: 1000)
      let total = rounded.partialValue &+ (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
      milliseconds = rounded.overflow ? CInt.max : CInt(clamping: max(0, total))
    }
    let count = unsafe linux_epoll_wait(epoll.raw, events, CInt(min(most, Self.batch)), milliseconds)
    // An interrupted sleep is an empty one; anything else is a bug of ours.
    precondition(count >= 0 || count == -EINTR, "epoll_wait failed")
    return Int(max(0, count))
  }

  subscript(index: Int) -> (events: UInt32, token: Token) {
    let event = unsafe events[index]
    return (event.events, Token(bits: event.token))
  }
}
