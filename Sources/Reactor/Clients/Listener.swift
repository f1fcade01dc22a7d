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

  let descriptor: Descriptor
  /// The port it listens on, also when the system chose it.
  let port: UInt16

  /// Listens on a literal IPv4 or IPv6 address; port 0 lets the system choose.
  init(address: String, port: UInt16) throws(SystemError) {
    let descriptor = try Descriptor(owning: unsafe linux_listen(address, port, Self.backlog), from: "listen")
    self.port = UInt16(clamping: try SystemError.check(linux_local_port(descriptor.raw), "getsockname"))
    self.descriptor = consume descriptor
  }

  /// What came of looking for the next connection.
  enum Accepted: ~Copyable {
    case client(Descriptor)
    case nothing
    /// Out of descriptors or memory: trying again at once would spin.
    case exhausted
  }

  func accept() -> Accepted {
    let result = linux_accept(descriptor.raw, Self.keepAliveSeconds)
    if result >= 0, let client = try? Descriptor(owning: result, from: "accept4") { return .client(client) }
    switch -result {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
    default: return .nothing
    }
  }
}
