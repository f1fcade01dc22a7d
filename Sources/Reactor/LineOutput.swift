internal import Glibc

/// A file, pipe, or terminal to which whole lines are appended.
///
/// A line that was cut, because the disk was full or because an earlier process ended within it, is completed before
/// the next one begins.
struct LineOutput: ~Copyable {
  /// The most milliseconds that a write to a full pipe waits before it asks whether it should give up.
  private static let patience: Int32 = 50

  private let path: String
  private var descriptor: Int32
  /// The end of a line whose beginning is written.
  private var rest: ArraySlice<UInt8> = []

  /// A descriptor for appending, and whether it is that of a file that ends within a line.
  struct Opened: Sendable {
    var descriptor: Int32
    var isCut: Bool
  }

  /// Takes over what `open` has returned for the path.
  init(_ path: String, _ opened: Opened) {
    self.path = path
    descriptor = opened.descriptor
    if opened.isCut { rest = [0x0a] }
  }

  deinit { if !path.isEmpty { _ = close(descriptor) } }

  /// Opens the path again, because its file was moved away. Keeps what is open if that fails.
  mutating func reopen() throws(SystemError) {
    if path.isEmpty { return }
    let opened = try Self.open(path)
    // Completes a line that was cut, if there is space by now.
    if !rest.isEmpty { _ = put(rest) { true } }
    _ = close(descriptor)
    descriptor = opened.descriptor
    rest = opened.isCut ? [0x0a] : []
  }

  /// Writes lines. Returns the number of those that are lost. While a pipe is full, `givesUp` decides whether to wait.
  mutating func write(_ lines: [UInt8], givingUp givesUp: () -> Bool) -> Int {
    rest = rest.dropFirst(put(rest, givesUp))
    guard rest.isEmpty else { return Self.count(lines[...]) }
    let written = put(lines[...], givesUp)
    var lost = lines[written...]
    if written > 0, lines[written - 1] != 0x0a, let end = lost.firstIndex(of: 0x0a) {
      rest = lost[...end]
      lost = lost[(end + 1)...]
    }
    return Self.count(lost)
  }

  private static func count(_ lines: ArraySlice<UInt8>) -> Int { lines.count { $0 == 0x0a } }

  /// Writes bytes and returns the number of those written.
  private func put(_ bytes: ArraySlice<UInt8>, _ givesUp: () -> Bool) -> Int {
    Self.put(bytes, to: descriptor, patience: Self.patience, givesUp).written
  }

  /// Writes bytes to a descriptor. Returns the number of those written, and the error after which the rest is lost, if there
  /// is one. While the descriptor takes nothing, `givesUp` decides whether to wait, `patience` milliseconds each time.
  static func put(
    _ bytes: ArraySlice<UInt8>, to descriptor: Int32, patience: Int32, _ givesUp: () -> Bool
  ) -> (written: Int, error: SystemError?) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count > 0 {
        written += count
      } else if count < 0, errno == EAGAIN {
        if givesUp() { break }
        awaitSpace(descriptor, patience)
      } else if count == 0 || errno != EINTR {
        return (written, SystemError("write", count == 0 ? ENOSPC : errno))
      }
    }
    return (written, nil)
  }

  /// Blocks until a descriptor can be written to, an error is due, or the time is over. -1 waits without limit.
  static func awaitSpace(_ descriptor: Int32, _ milliseconds: Int32) {
    var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    _ = unsafe poll(&state, 1, milliseconds)
  }

  /// Opens a path for appending, or returns standard error if it is empty.
  static func open(_ path: String) throws(SystemError) -> Opened {
    if path.isEmpty { return Opened(descriptor: STDERR_FILENO, isCut: false) }
    // With O_NONBLOCK, neither opening nor writing waits for the reader of a named pipe. With O_RDWR, a named pipe can
    // be opened before its reader comes, and it outlives a reader that restarts.
    let flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    var descriptor = unsafe Glibc.open(path, flags | O_RDWR, 0o640)
    // The file may be write-only.
    if descriptor < 0, errno == EACCES { descriptor = unsafe Glibc.open(path, flags | O_WRONLY, 0o640) }
    if descriptor < 0 { throw SystemError("open \(path)", errno) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
      return Opened(descriptor: descriptor, isCut: false)
    }
    var last: UInt8 = 0x0a
    _ = unsafe pread(descriptor, &last, 1, status.st_size - 1)
    return Opened(descriptor: descriptor, isCut: last != 0x0a)
  }
}
