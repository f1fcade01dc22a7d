import Glibc

/// Waits for a file to change, on a thread that does nothing else.
///
/// It looks once a second instead of being told: a file that is replaced, or reached by links that are, as in a
/// container's volume, looks changed all the same.
enum FileWatch {
  /// What tells one state of a file from another.
  private struct Stamp: Equatable {
    var device: UInt
    var number: UInt
    var size: Int
    var seconds: Int
    var nanoseconds: Int
  }

  /// Calls `changed` after each change, once the file has been the same for a second. Does not return.
  static func run(_ path: String, _ changed: () -> Void) {
    var known = stamp(path)
    var last = known
    while true {
      sleep(1)
      let now = stamp(path)
      if let now, now == last, now != known {
        known = now
        changed()
      }
      last = now
    }
  }

  private static func stamp(_ path: String) -> Stamp? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return Stamp(
      device: UInt(status.st_dev), number: UInt(status.st_ino), size: Int(status.st_size),
      seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }
}
