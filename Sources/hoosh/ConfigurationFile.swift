import Gateway
import Glibc
import Reactor

/// Reads the file of a configuration: a regular file, or once from a pipe.
enum ConfigurationFile {
  typealias LoadError = ConfigurationSource.LoadError

  /// The largest configuration file, in bytes.
  static let bytesMax = 1024 * 1024
  /// How long the writer of a pipe may take to write something.
  private static let pipeMilliseconds: Int32 = 10_000
  /// How long a file must have stayed the same before it is read again.
  private static let settleMicroseconds: UInt32 = 250_000
  /// How often a file is looked at until it stays the same.
  private static let settleTries = 40

  /// Returns whether a path is a regular file, which can be read again and watched.
  static func isRegular(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Returns a path that does not depend on the current folder, which may be replaced as a whole.
  static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe free(folder) }
    return unsafe String(cString: folder) + "/" + path
  }

  /// Reads a file, or a pipe up to its end.
  static func read(_ path: String) throws(LoadError) -> [UInt8] {
    // Without O_NONBLOCK, opening a pipe would block until a writer opens it.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw unreadable(path) }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFIFO else { throw .unreadable("\(path): not a file or a pipe") }
    var text = [UInt8](repeating: 0, count: bytesMax + 1)
    var count = 0
    while count < text.count {
      if kind == S_IFIFO { try awaitInput(descriptor, path) }
      let more = unsafe text.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if more < 0, errno == EINTR || errno == EAGAIN { continue }
      if more < 0 { throw unreadable(path) }
      if more == 0 { break }
      count += more
    }
    guard count <= bytesMax else {
      let message = "the file is larger than \(bytesMax) bytes, the limit for a configuration"
      throw .invalid(ConfigurationErrors([ConfigurationError(file: path, message: message)]))
    }
    return Array(text[..<count])
  }

  private static func unreadable(_ path: String) -> LoadError {
    .unreadable("\(path): \(unsafe String(cString: strerror(errno)))")
  }

  private static func awaitInput(_ descriptor: Int32, _ path: String) throws(LoadError) {
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let count = unsafe poll(&wait, 1, pipeMilliseconds)
    if count == 0 { throw .unreadable("\(path): nothing was written to the pipe within 10 seconds") }
  }

  /// An identity of a file's content.
  private struct Stamp: Equatable {
    var device: UInt
    var number: UInt
    var size: Int
    var seconds: Int
    var nanoseconds: Int

    init?(_ path: String) {
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { return nil }
      device = UInt(status.st_dev)
      number = UInt(status.st_ino)
      size = Int(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }

    /// Whether the file was written so long ago that its writer must be done.
    var isOld: Bool {
      var now = timespec()
      unsafe clock_gettime(CLOCK_REALTIME, &now)
      let age = (now.tv_sec - seconds) * 1_000_000 + (now.tv_nsec - nanoseconds) / 1000
      return age >= Int(settleMicroseconds)
    }
  }

  /// Reads a file that may be written at this moment, once no process writes it. Blocks for up to ten seconds.
  ///
  /// Where the system cannot tell whether a process has it open for writing, it must stay the same for a while.
  static func readSettled(_ path: String, named name: String) throws(LoadError) -> [UInt8] {
    guard isRegular(path) || Stamp(path) == nil else {
      throw .unreadable("\(name): a pipe can be read only once; restart hoosh")
    }
    var stamp = Stamp(path)
    var isSettled = stamp == nil || stamp?.isOld == true || FileWatch.isBeingWritten(path) == false
    for _ in 0..<settleTries {
      if isSettled {
        let text = try read(path)
        let now = Stamp(path)
        if now == stamp { return text }
        stamp = now
      }
      usleep(settleMicroseconds)
      let now = Stamp(path)
      isSettled = now == stamp
      stamp = now
    }
    throw .unreadable("\(name): the file keeps changing; reload it once it is complete")
  }
}
