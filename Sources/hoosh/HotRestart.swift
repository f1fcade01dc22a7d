import Glibc
import Reactor

/// A hot restart: a new process inherits the listening socket, then the old one drains.
///
/// `LISTEN_FDS` and `LISTEN_PID` work as with systemd (sd_listen_fds(3)): the socket is descriptor 3. A successor
/// started by `SIGUSR2` also receives its predecessor's process ID in `HOOSH_PREDECESSOR`, and stops it once it
/// accepts connections itself. Both use the same socket, so no connection is refused.
struct HotRestart {
  private static let first: Int32 = 3
  private static let names = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "HOOSH_PREDECESSOR"]

  /// The inherited socket, if there is one.
  let listener: Int32?
  private let predecessor: pid_t?
  /// Whether this process takes the place of another one.
  var hasPredecessor: Bool { predecessor != nil }

  init() {
    let isMeant = Environment.value("LISTEN_PID").map { $0 == "\(getpid())" } ?? true
    let count = Environment.value("LISTEN_FDS").flatMap { Int($0) } ?? 0
    listener = isMeant && count > 0 ? Self.first : nil
    // Accept only the parent process, so that a stray variable cannot stop an unrelated one.
    predecessor = Environment.value("HOOSH_PREDECESSOR").flatMap { pid_t($0) }.flatMap {
      $0 == getppid() ? $0 : nil
    }
  }

  /// Stops the predecessor, if there is one.
  func stopPredecessor() {
    if let predecessor { _ = kill(predecessor, SIGTERM) }
  }

  /// Returns the path of this program's file, or of the file that replaced it.
  static func ownPath() -> String? {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard count > 0 else { return nil }
    let path = String(decoding: bytes[..<count], as: UTF8.self)
    return path.hasSuffix(" (deleted)") ? String(path.dropLast(" (deleted)".count)) : path
  }

  /// Returns the environment of a successor: without the variables that belong to this process alone.
  static func successorEnvironment() -> [String] {
    Environment.variables.filter { !names.contains($0.key) }.map { "\($0.key)=\($0.value)" }
      + ["LISTEN_FDS=1", "HOOSH_PREDECESSOR=\(getpid())"]
  }
}
