import Glibc
import Reactor

/// A listening socket that comes from another process, and goes to the next.
///
/// `LISTEN_FDS` and `LISTEN_PID` are read as systemd sets them (sd_listen_fds(3)): the socket is descriptor 3. A
/// successor that was started by `SIGUSR2` finds its predecessor in `HOOSH_PREDECESSOR` too, and tells it to drain
/// once it serves itself. The socket is the same one all the time, so nobody who connects is refused.
struct HotRestart {
  private static let first: Int32 = 3
  private static let names = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "HOOSH_PREDECESSOR"]

  /// The inherited socket, if there is one.
  let listener: Int32?
  private let predecessor: pid_t?

  init() {
    let isMeant = Environment.value("LISTEN_PID").map { $0 == "\(getpid())" } ?? true
    let count = Environment.value("LISTEN_FDS").flatMap { Int($0) } ?? 0
    listener = isMeant && count > 0 ? Self.first : nil
    // Only the process that started this one, so that no stray variable ends a stranger.
    predecessor = Environment.value("HOOSH_PREDECESSOR").flatMap { pid_t($0) }.flatMap {
      $0 == getppid() ? $0 : nil
    }
  }

  /// Tells the predecessor, if there is one, that it may go.
  func stopPredecessor() {
    if let predecessor { _ = kill(predecessor, SIGTERM) }
  }

  /// Starts this program again, as it is on disk now, with the same arguments and the same listening socket.
  static func startSuccessor(_ listener: Int32?) {
    guard let listener, let path = ownPath() else {
      return Terminal.printError("hoosh: there is no listening socket, or no program, to hand over")
    }
    let arguments = CommandLine.arguments
    let environment = inherited() + ["LISTEN_FDS=1", "HOOSH_PREDECESSOR=\(getpid())"]
    do throws(SystemError) {
      // The kernel takes its time to start a process; the loop does not wait for it.
      try Worker.start {
        do throws(SystemError) {
          try Successor.start(path, arguments: arguments, environment: environment, listener: listener)
        } catch {
          Terminal.printError("hoosh: no successor: \(error)")
        }
      }
    } catch {
      Terminal.printError("hoosh: no successor: \(error)")
    }
  }

  /// The file of this program; when it was replaced, the one that replaced it.
  private static func ownPath() -> String? {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard count > 0 else { return nil }
    let path = String(decoding: bytes[..<count], as: UTF8.self)
    return path.hasSuffix(" (deleted)") ? String(path.dropLast(" (deleted)".count)) : path
  }

  /// The environment without what was meant for this process alone.
  private static func inherited() -> [String] {
    Environment.variables.filter { !names.contains($0.key) }.map { "\($0.key)=\($0.value)" }
  }
}
