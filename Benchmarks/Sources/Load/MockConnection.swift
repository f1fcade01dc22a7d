/// One connection of the mock and how far its answer has come.
struct MockConnection {
  enum State { case idle, answering, streaming }

  private(set) var descriptor: CInt = -1
  /// Counts the tenants of this place, so that what is meant for one does not reach the next.
  private(set) var generation: UInt32 = 0
  var state = State.idle
  /// Bytes of requests that are not complete, or whose turn has not come.
  var input = Carry()
  /// How many bytes `input` needs before it is worth looking at again.
  var needed = 0
  /// Bytes that the kernel did not take yet.
  var output = Carry()
  private(set) var orders = Orders()
  private(set) var wantsUsage = false
  /// The last event sent.
  var number = 0
  /// When the stream began; 0 before.
  var begun: UInt64 = 0
  /// Whether it waits among the streams that have more to send.
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
