internal import CLinux
internal import Glibc

/// A file that may change, told to a loop: `Reactor.watch`, then `readStamp`, on another thread, some time after each
/// `.filesChanged`.
///
/// The kernel notices (inotify(7)), so no thread stands by; what another machine changes on a network's file system
/// it does not. Watched are the folders in which a change can make the name stand for another file, as a container's
/// volume has it: those of every link on the way, and the file's own.
public final class FileWatch: Sendable {
  /// What tells one state of a file from another.
  public struct Stamp: Equatable, Sendable {
    let device: UInt
    let number: UInt
    let size: Int
    let seconds: Int
    let nanoseconds: Int
  }

  /// Links that are followed, as Linux has it.
  private static let linksMax = 40

  private let path: String
  let descriptor: Int32

  /// Watches from here on; the file need not be there, its folder must. It may wait for a disk.
  public init(_ path: String) throws(SystemError) {
    self.path = path
    descriptor = try SystemError.check(linux_inotify(), "inotify_init1")
    for folder in Self.folders(path) { try add(folder) }
  }

  deinit { _ = close(descriptor) }

  /// How the file is now; `nil` when there is none. It may wait for a disk.
  ///
  /// Where a link leads elsewhere than before, the folders there are watched from here on.
  public func readStamp() -> Stamp? {
    // One that is gone is made anew in a folder that is watched, or was never there.
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

  /// The folders that matter to a name.
  static func folders(_ path: String) -> [String] {
    var folders: [String] = []
    var place = path.hasPrefix("/") ? "" : "."
    var parts = Array(path.split(separator: "/").reversed())
    var links = 0
    while let part = parts.popLast() {
      let name = "\(place)/\(part)"
      let target = links < linksMax ? link(name) : nil
      if target != nil || parts.isEmpty { folders.append(place.isEmpty ? "/" : place) }
      guard let target else {
        place = name
        continue
      }
      links += 1
      if target.hasPrefix("/") { place = "" }
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
  /// Tells by `.filesChanged` that something has changed where the file is.
  public func watch(_ file: FileWatch) throws(SystemError) {
    let token = Token(.files, generation: 0, number: UInt32(bitPattern: file.descriptor))
    try poller.watch(file.descriptor, UInt32(LINUX_IN), token)
  }
}
