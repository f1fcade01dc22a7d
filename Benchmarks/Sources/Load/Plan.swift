/// The behavior of the client in one run.
struct Plan {
  enum Kind {
    /// Every connection sends its next request once it has the response to the last one.
    case closed
    /// Requests are due at a fixed rate per second, independent of the responses.
    case rate(Double)
    /// Every connection reads a stream. With `again`, it starts another one at the end.
    case streams(again: Bool)
    /// Only the background streams.
    case idle
  }

  var kind: Kind
  var port: UInt16
  var connections = 1
  /// The number of silent streams that are opened first and stay open.
  var background = 0
  /// The seconds of warm-up, and of the measured time.
  var warmup = 0.5
  var seconds = 3.0
  /// The size of the request's message, in bytes.
  var promptBytes = 512
  /// The mock's orders for a request, and for a background stream.
  var orders = Orders()
  var backgroundOrders = Orders()
  /// The process under test, if there is one, and the mock.
  var process: Int32?
  var mock: Int32?

  var isStream: Bool {
    if case .streams = kind { return true }
    return false
  }

  init(_ kind: Kind, port: UInt16) {
    self.kind = kind
    self.port = port
    backgroundOrders.chunks = 3
    backgroundOrders.gap = 1_000_000
    backgroundOrders.holds = true
  }
}
