/// What the client does.
struct Plan {
  enum Kind {
    /// Every connection sends its next request when it has the answer to the last one.
    case closed
    /// So many requests a second are due, whatever comes back.
    case rate(Double)
    /// Every connection reads a stream; `again` begins another one at its end.
    case streams(again: Bool)
    /// Nothing but the streams in the background.
    case idle
  }

  var kind: Kind
  var port: UInt16
  var connections = 1
  /// Silent streams that are opened before and stay open.
  var background = 0
  /// Seconds before the measured time, and of it.
  var warmup = 0.5
  var seconds = 3.0
  /// Bytes of the request's message.
  var promptBytes = 512
  /// What the mock does for a request, and for a stream in the background.
  var orders = Orders()
  var backgroundOrders = Orders()
  /// The process under test, if there is one, and the mock's.
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
