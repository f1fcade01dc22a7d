internal import CLinux
internal import Glibc

/// A listening socket.
struct Listener: ~Copyable {
  /// Connections that the kernel keeps for us while we are busy.
  static let backlog: CInt = 4096
  /// Connections accepted in one turn, so that old ones stay quick while new ones storm.
  static let acceptsPerTurn = 64
  /// Idle seconds before the kernel asks an accepted peer whether it is still there.
  static let keepAliveSeconds: CInt = 60
  /// How long nobody is accepted once there are no descriptors.
  static let exhaustedPause = Duration.milliseconds(100)

  let descriptor: Descriptor
  /// Given up for a moment, to accept a client and tell it that there are no descriptors.
  private var reserve: Descriptor?
  /// The port it listens on, also when the system chose it.
  let port: UInt16

  /// Listens on a literal IPv4 or IPv6 address; port 0 lets the system choose.
  init(address: String, port: UInt16) throws(SystemError) {
    try self.init(try Descriptor(owning: unsafe linux_listen(address, port, Self.backlog), from: "listen"))
  }

  /// Listens on an inherited socket.
  init(inherited descriptor: CInt) throws(SystemError) {
    _ = try SystemError.check(linux_inherit_listener(descriptor), "inherited descriptor \(descriptor)")
    try self.init(try Descriptor(owning: descriptor, from: "inherit"))
  }

  private init(_ descriptor: consuming Descriptor) throws(SystemError) {
    port = UInt16(clamping: try SystemError.check(linux_local_port(descriptor.raw), "getsockname"))
    self.descriptor = consume descriptor
    reserve = try? Descriptor(owning: linux_reserve(), from: "open")
  }

  /// What came of looking for the next connection.
  enum Accepted: ~Copyable {
    case client(Descriptor, IPAddress?)
    case nothing
    /// Out of descriptors or memory: trying again at once would spin.
    case exhausted
  }

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

  /// Accepts one client on the reserve descriptor, sends it `reply` and lets go; false when that did not work, or
  /// nobody waits.
  mutating func refuse(_ reply: [UInt8]) -> Bool {
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
