internal import CLinux
internal import Glibc

/// Watches a file for changes. Pass it to `Reactor.watch`, and call `readStamp` on another thread some time after
/// each `.filesChanged`.
///
/// The kernel reports changes (inotify(7)), so no thread is needed. It does not report changes that another machine
/// makes on a network file system. Watched are the folder of the file and the folders of all symbolic links on its
/// path, because a change in any of them can replace the file, as Kubernetes does for mounted volumes.
public final class FileWatch: Sendable {
  /// An identity of a file's content that differs after each change.
  public struct Stamp: Equatable, Sendable {
    let device: UInt
    let number: UInt
    let size: Int
    let seconds: Int
    let nanoseconds: Int
  }

  /// The most symbolic links followed, as in Linux.
  private static let linksMax = 40

  private let path: String
  let descriptor: Int32

  /// Starts watching. The file need not exist, but its folder must. May block on disk I/O.
  public init(_ path: String) throws(SystemError) {
    self.path = path
    descriptor = try SystemError.check(linux_inotify(), "inotify_init1")
    for folder in Self.folders(path) { try add(folder) }
  }

  deinit { _ = close(descriptor) }

  /// Returns the file's current stamp, or `nil` if it does not exist. May block on disk I/O.
  ///
  /// If a symbolic link has a new target, the folders of that target are watched from now on.
  public func readStamp() -> Stamp? {
    // A folder that fails here was removed. Its parent is watched, so a new folder of that name is noticed.
    for folder in Self.folders(path) { try? add(folder) }
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return Stamp(
      device: UInt(status.st_dev), number: UInt(status.st_ino), size: Int(status.st_size),
      seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }

  private func add(_ folder: String) throws(SystemError) {
    _ = try SystemError.check(unsafe linux_inotify_add(descriptor, folder), "inotify_add_watch")
  }

  /// Returns the folders in which a change can affect a path.
  static func folders(_ path: String) -> [String] {
    var folders: [String] = []
    var prefix = path.hasPrefix("/") ? "" : "."
    var parts = Array(path.split(separator: "/").reversed())
    var links = 0
    while let part = parts.popLast() {
      let name = "\(prefix)/\(part)"
      let target = links < linksMax ? link(name) : nil
      if target != nil || parts.isEmpty { folders.append(prefix.isEmpty ? "/" : prefix) }
      guard let target else {
        prefix = name
        continue
      }
      links += 1
      if target.hasPrefix("/") { prefix = "" }
      parts += target.split(separator: "/").reversed()
    }
    return folders
  }

  private static func link(_ name: String) -> String? {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink(name, &target, target.count)
    return count > 0 ? String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
  }
}

extension Reactor {
  /// Reports `.filesChanged` when something has changed in a folder of the file.
  public func watch(_ file: FileWatch) throws(SystemError) {
    let token = Token(.files, generation: 0, number: UInt32(bitPattern: file.descriptor))
    try poller.watch(file.descriptor, UInt32(LINUX_IN), token)
  }
}
