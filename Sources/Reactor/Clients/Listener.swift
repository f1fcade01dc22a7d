internal import CLinux
internal import Glibc

/// A listening socket.
struct Listener: ~Copyable {
  /// The number of connections that the kernel queues before they are accepted.
  static let backlog: CInt = 4096
  /// The most connections accepted in one turn, so that a burst of new clients does not slow down the existing ones.
  static let acceptsPerTurn = 64
  /// The idle time, in seconds, before the kernel sends keep-alive probes to a client.
  static let keepAliveSeconds: CInt = 60
  /// The time without accepting after the process runs out of descriptors.
  static let exhaustedPause = Duration.milliseconds(100)

  let descriptor: Descriptor
  /// A spare descriptor, released briefly to accept one client and send it an error when no other descriptor is free.
  private var reserve: Descriptor?
  /// The port of the socket, also if the system chose it.
  let port: UInt16
  /// The address that the socket is bound to; `nil` on a socket without addresses.
  let address: IPAddress?

  /// Listens on a literal IPv4 or IPv6 address. Port 0 lets the system choose.
  init(address: String, port: UInt16) throws(SystemError) {
    try self.init(try Descriptor(owning: unsafe linux_listen(address, port, Self.backlog), from: "listen"))
  }

  /// Listens on an inherited socket.
  init(inherited descriptor: CInt) throws(SystemError) {
    _ = try SystemError.check(linux_inherit_listener(descriptor), "inherited descriptor \(descriptor)")
    try self.init(try Descriptor(owning: descriptor, from: "inherit"))
  }

  private init(_ descriptor: consuming Descriptor) throws(SystemError) {
    (port, address) = try Self.bound(descriptor.raw)
    self.descriptor = consume descriptor
    reserve = try? Descriptor(owning: linux_reserve(), from: "open")
  }

  /// Returns where a socket is bound.
  private static func bound(_ descriptor: CInt) throws(SystemError) -> (port: UInt16, address: IPAddress?) {
    let port = try SystemError.check(linux_local_port(descriptor), "getsockname")
    var address = linux_address()
    _ = try SystemError.check(unsafe linux_local_address(descriptor, &address), "getsockname")
    return (UInt16(clamping: port), IPAddress(address))
  }

  /// The result of one attempt to accept a connection.
  enum Accepted: ~Copyable {
    case client(Descriptor, IPAddress?)
    case nothing
    /// Out of descriptors or memory: an immediate retry would spin.
    case exhausted
  }

  /// Accepts the next connection, if there is one.
  func accept() -> Accepted {
    var peer = linux_address()
    let result = unsafe linux_accept(descriptor.raw, Self.keepAliveSeconds, &peer)
    if result >= 0, let client = try? Descriptor(owning: result, from: "accept4") {
      return .client(client, IPAddress(peer))
    }
    switch -result {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
    default: return .nothing
    }
  }

  /// Accepts one client on the spare descriptor, sends it `reply`, and closes it. Returns false if that failed or no
  /// client is waiting.
  mutating func reject(_ reply: [UInt8]) -> Bool {
    guard reserve != nil else {
      reserve = try? Descriptor(owning: linux_reserve(), from: "open")
      return false
    }
    reserve = nil
    defer { reserve = try? Descriptor(owning: linux_reserve(), from: "open") }
    guard case .client(let client, _) = accept() else { return false }
    _ = unsafe reply.withUnsafeBytes { unsafe linux_send(client.raw, $0.baseAddress, $0.count) }
    return true
  }
}
