import Foundation
import Glibc

/// Plain non-blocking sockets on 127.0.0.1 for tests.
enum Sockets {
  static func make() -> CInt {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    precondition(descriptor >= 0, "socket failed")
    var on: CInt = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    return descriptor
  }

  static func unblock(_ descriptor: CInt) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = in_addr_t(UInt32(0x7f00_0001).bigEndian)
    return address
  }

  static func connect(_ port: Int) -> CInt {
    let descriptor = make()
    var address = address(port)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    precondition(result == 0, "connect failed: \(errno)")
    unblock(descriptor)
    return descriptor
  }

  /// Returns a listening socket and its port.
  static func listen() -> (descriptor: CInt, port: Int) {
    let (descriptor, port) = bound()
    precondition(Glibc.listen(descriptor, 1024) == 0, "listen failed")
    return (descriptor, port)
  }

  /// Returns a path for a Unix socket, at which nothing is.
  static func path() -> String {
    FileManager.default.temporaryDirectory.appending(path: "hoosh-\(UUID().uuidString.prefix(8)).sock").path
  }

  /// Returns a listening Unix socket.
  static func listen(at path: String) -> CInt {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    precondition(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path), "the path is too long")
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        precondition(bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0, "bind failed: \(errno)")
      }
    }
    precondition(Glibc.listen(descriptor, 1024) == 0, "listen failed")
    unblock(descriptor)
    return descriptor
  }

  /// A socket that is bound and does not listen: connections are refused.
  static func bound() -> (descriptor: CInt, port: Int) {
    let descriptor = make()
    var address = address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        precondition(bind(descriptor, $0, length) == 0, "bind failed")
        getsockname(descriptor, $0, &length)
      }
    }
    unblock(descriptor)
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
  }

  enum Received: Equatable { case bytes([UInt8]), nothing, end, reset }

  static func receive(_ descriptor: CInt) -> Received {
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { return .bytes(Array(buffer[..<count])) }
    if count == 0 { return .end }
    return errno == EAGAIN || errno == EINTR ? .nothing : .reset
  }

  static func reset(_ descriptor: CInt) {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    close(descriptor)
  }
}
