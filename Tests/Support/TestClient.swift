import Glibc

/// A raw client: bytes sent and received, and the state of the connection.
public final class TestClient {
  private let descriptor: CInt
  private var outgoing: [UInt8] = []
  private var isOpen = true
  private var isFinishing = false
  /// Everything received so far.
  public private(set) var received: [UInt8] = []
  /// The time of each read, with the number of bytes received before it.
  public private(set) var hasEnded = false
  public private(set) var wasReset = false
  /// Whether the client reads at all.
  public var reads = true

  private let isBytewise: Bool

  init(port: Int, isBytewise: Bool = false) {
    descriptor = Sockets.connect(port)
    self.isBytewise = isBytewise
  }

  deinit { leave() }

  public func send(_ text: String) { send(Array(text.utf8)) }

  public func send(_ bytes: [UInt8]) {
    outgoing += bytes
    if !isBytewise { flush() }
  }

  /// Shuts down sending, but still reads.
  public func finish() {
    isFinishing = true
    flush()
  }

  /// Closes the connection.
  public func leave() {
    if isOpen { close(descriptor) }
    isOpen = false
  }

  /// Breaks the connection.
  public func reset() {
    if isOpen { Sockets.reset(descriptor) }
    isOpen = false
  }

  public var text: String { String(decoding: received, as: UTF8.self) }

  /// Discards the received bytes.
  public func clear() { received = [] }

  /// The complete and incomplete responses received so far.
  public func responses(head: Bool = false) -> [HTTPMessage] {
    HTTPMessage.all(in: received, ended: hasEnded, head: head)
  }

  private func flush() {
    while !outgoing.isEmpty, isOpen {
      let wanted = isBytewise ? 1 : outgoing.count
      let count = Glibc.send(descriptor, outgoing, wanted, Int32(MSG_NOSIGNAL))
      if count > 0 { outgoing.removeFirst(count) } else { return }
      if isBytewise { return }
    }
    if isFinishing, isOpen {
      isFinishing = false
      shutdown(descriptor, Int32(SHUT_WR))
    }
  }

  func pump() {
    guard isOpen else { return }
    flush()
    while reads {
      switch Sockets.receive(descriptor) {
      case .bytes(let bytes): received += bytes
      case .nothing: return
      case .end:
        hasEnded = true
        return
      case .reset:
        hasEnded = true
        wasReset = true
        return
      }
    }
  }
}
