/// A connection of the mock and the progress of its response.
struct MockConnection {
  enum State { case idle, answering, streaming }

  private(set) var descriptor: CInt = -1
  /// The generation of this slot, so that an action for one occupant does not reach the next.
  private(set) var generation: UInt32 = 0
  var state = State.idle
  /// The bytes of requests that are incomplete or queued.
  var input = Carry()
  /// The size of `input` below which the request cannot be complete.
  var needed = 0
  /// The bytes that the kernel has not accepted yet.
  var output = Carry()
  private(set) var orders = Orders()
  private(set) var wantsUsage = false
  /// The number of the last event sent.
  var number = 0
  /// The start of the stream, or 0.
  var begun: UInt64 = 0
  /// Whether the connection is in the list of streams with more to send.
  var isReady = false

  var isIdle: Bool { state == .idle }

  mutating func open(_ descriptor: CInt) {
    self.descriptor = descriptor
    generation &+= 1
  }

  mutating func begin(_ request: MockRequest) {
    orders = request.orders
    wantsUsage = request.wantsUsage
    state = request.streams ? .streaming : .answering
    (number, begun) = (0, 0)
  }

  mutating func shut() {
    descriptor = -1
    generation &+= 1
    state = .idle
    input.free()
    output.free()
    (needed, isReady) = (0, false)
  }
}
