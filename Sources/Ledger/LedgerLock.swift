internal import Glibc

/// The lock by which one process owns a ledger, on a file beside it. It ends with the process, however it ends.
///
/// Not on the database itself: closing any descriptor of a file would release SQLite's own locks on it.
struct LedgerLock: ~Copyable {
  /// The name of the lock's file: that of the ledger, and this.
  static let suffix = "-lock"

  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { _ = close(descriptor) }

  /// Takes the lock of the ledger at a path.
  static func take(_ ledger: String) throws(LedgerError) -> LedgerLock {
    let path = ledger + suffix
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
    guard descriptor >= 0 else { throw .unusable("\(path): \(unsafe String(cString: strerror(errno)))") }
    let lock = LedgerLock(descriptor: descriptor)
    var region = Self.wholeFile
    guard unsafe fcntl(descriptor, F_SETLK, &region) == 0 else {
      let code = errno
      guard code == EACCES || code == EAGAIN else {
        throw .unusable("\(path): \(unsafe String(cString: strerror(code)))")
      }
      throw .held(path: ledger, by: Self.holder(descriptor))
    }
    return lock
  }

  /// Returns the process that owns the ledger at a path; `nil` if there is none.
  static func holder(of ledger: String) -> String? {
    let descriptor = unsafe open(ledger + suffix, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var region = Self.wholeFile
    guard unsafe fcntl(descriptor, F_GETLK, &region) == 0, region.l_type != Int16(F_UNLCK) else { return nil }
    return holder(descriptor)
  }

  private static var wholeFile: flock {
    flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
  }

  /// The process that has the lock, in words.
  private static func holder(_ descriptor: Int32) -> String {
    var region = Self.wholeFile
    // The kernel knows no ID of a process in another container.
    guard unsafe fcntl(descriptor, F_GETLK, &region) == 0, region.l_type != Int16(F_UNLCK), region.l_pid > 0 else {
      return "another process"
    }
    return "process \(region.l_pid)"
  }
}
