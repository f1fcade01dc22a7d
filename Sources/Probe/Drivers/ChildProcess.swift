internal import CDrivers
internal import Glibc

/// A child process that probes one driver.
///
/// Its pipes are read while it runs, so that it never blocks on a full pipe. It is killed at its deadline.
struct ChildProcess: ~Copyable {
  /// Bytes of the report that are kept, and of the process's other output.
  static let reportMax = 1 << 20
  static let textMax = 4096
  /// Reads of 64 KiB in one call of `drain`.
  private static let piecesMax = 32

  /// How the process ended.
  enum End: Equatable {
    case exited(Int32)
    case signalled(Int32)
    /// It was killed at its deadline.
    case killed
    /// It could not be killed.
    case stuck
    /// Its status was collected elsewhere.
    case unknown
  }

  let process: pid_t
  /// The read ends of the pipes; -1 after end of file.
  private(set) var reports: Int32
  private(set) var texts: Int32
  private(set) var report: [UInt8] = []
  private(set) var text: [UInt8] = []
  private(set) var end: End?

  /// Starts a program; returns `nil` if that fails.
  static func start(_ program: String, arguments: [String], environment: [String]) -> ChildProcess? {
    var report: [Int32] = [-1, -1]
    var text: [Int32] = [-1, -1]
    guard unsafe drivers_pipe(&report) == 0 else { return nil }
    guard unsafe drivers_pipe(&text) == 0 else {
      for end in report { _ = close(end) }
      return nil
    }
    let process = spawn(program, [program] + arguments, environment, report[1], text[1])
    _ = close(report[1])
    _ = close(text[1])
    if process > 0 { return ChildProcess(process: process, reports: report[0], texts: text[0]) }
    _ = close(report[0])
    _ = close(text[0])
    return nil
  }

  private init(process: pid_t, reports: Int32, texts: Int32) {
    self.process = process
    self.reports = reports
    self.texts = texts
  }

  deinit {
    if reports >= 0 { _ = close(reports) }
    if texts >= 0 { _ = close(texts) }
  }

  private static func spawn(
    _ program: String, _ arguments: [String], _ environment: [String], _ report: Int32, _ text: Int32
  ) -> pid_t {
    let lists: [UnsafeMutablePointer<CChar>?] = unsafe (arguments + [""] + environment).map { unsafe strdup($0) }
    defer { unsafe lists.forEach { unsafe free($0) } }
    var first = unsafe Array(lists[..<arguments.count])
    var second = unsafe Array(lists[(arguments.count + 1)...])
    unsafe first.append(nil)
    unsafe second.append(nil)
    return unsafe drivers_spawn(program, &first, &second, report, text)
  }

  /// Reads the available output of both pipes.
  mutating func drain() {
    reports = Self.drain(reports, into: &report, keepFirst: Self.reportMax)
    texts = Self.drain(texts, into: &text, keepFirst: Self.textMax)
  }

  private static func drain(_ descriptor: Int32, into kept: inout [UInt8], keepFirst most: Int) -> Int32 {
    guard descriptor >= 0 else { return -1 }
    var buffer = [UInt8](repeating: 0, count: 65536)
    // Bounded: a process that never stops writing must not keep this one here.
    for _ in 0..<piecesMax {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return descriptor }
      if count <= 0 {
        _ = close(descriptor)
        return -1
      }
      kept += buffer[..<min(count, most - kept.count)]
    }
    return descriptor
  }

  /// Returns whether the process has ended, and collects its status.
  mutating func hasEnded() -> Bool {
    if end != nil { return true }
    var seen = unsafe siginfo_t()
    let result = unsafe waitid(P_PID, id_t(process), &seen, WEXITED | WNOHANG | WNOWAIT)
    guard result == 0 else {
      end = .unknown
      return true
    }
    if unsafe seen.si_signo == 0 { return false }
    // Kill the rest of its process group before the ID can be reused.
    _ = Glibc.kill(-process, SIGKILL)
    var status: Int32 = 0
    _ = unsafe waitpid(process, &status, WNOHANG)
    let signal = status & 0x7f
    end = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
    return true
  }

  /// Kills the process and its group, and waits until it has ended or the time is over. A process that waits for a
  /// device inside the kernel cannot be killed.
  mutating func kill(waiting milliseconds: Int) {
    _ = Glibc.kill(-process, SIGKILL)
    var left = milliseconds
    while !hasEnded() {
      if left <= 0 {
        end = .stuck
        return
      }
      _ = usleep(1000)
      left -= 1
    }
    end = .killed
  }
}
