internal import CLinux
internal import Glibc

/// Watches a file for changes. Pass it to `Reactor.watch`, and call `readStamp` on another thread some time after
/// each `.filesChanged`.
///
/// The kernel reports changes (inotify(7)), so no thread is needed. It does not report changes that another machine
/// makes on a network file system. Watched are the folder of the file and the folders of all symbolic links on its
/// path, because a change in any of them can replace the file, as Kubernetes does for mounted volumes. Watched too are the
/// folders above those, for a folder that takes the place of another.
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
  /// Reports changes of files.
  private let files: Descriptor
  /// Reports changes in the folders above. A descriptor of its own, because much else changes there.
  private let parents: Descriptor
  /// The names of those folders, each with a NUL at its end: only they matter there.
  private let parentNames: [CChar]

  var descriptor: Int32 { files.raw }
  var parentsDescriptor: Int32 { parents.raw }

  /// Starts watching. The file need not exist, but its folder must. May block on disk I/O.
  public init(_ path: String) throws(SystemError) {
    self.path = path
    files = try Descriptor(owning: linux_inotify(), from: "inotify_init1")
    parents = try Descriptor(owning: linux_inotify(), from: "inotify_init1")
    let names = Set(Self.folders(path).flatMap { $0.split(separator: "/") })
    parentNames = names.flatMap { $0.utf8.map { CChar(bitPattern: $0) } + [0] }
    for folder in Self.folders(path) { try add(folder) }
    addParents()
  }

  /// Returns the file's current stamp, or `nil` if it does not exist. May block on disk I/O.
  ///
  /// If a symbolic link has a new target, the folders of that target are watched from now on.
  public func readStamp() -> Stamp? {
    // A folder that fails here was removed. Its parent is watched, so a new folder of that name is noticed.
    for folder in Self.folders(path) { try? add(folder) }
    addParents()
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return Stamp(
      device: UInt(status.st_dev), number: UInt(status.st_ino), size: Int(status.st_size),
      seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }

  /// Returns whether a process has a file open for writing, or `nil` if that cannot be told. Requires that `SIGIO` is
  /// ignored. May block on disk I/O.
  public static func isBeingWritten(_ path: String) -> Bool? {
    let result = unsafe linux_is_being_written(path)
    return result < 0 ? nil : result == 1
  }

  private func add(_ folder: String) throws(SystemError) {
    _ = try SystemError.check(unsafe linux_inotify_add(descriptor, folder), "inotify_add_watch")
  }

  /// Discards the reported changes in the folders above. Returns whether one of them may have replaced the file.
  func takeParentChange() -> Bool {
    unsafe parentNames.withUnsafeBufferPointer {
      unsafe linux_inotify_drain_named(parents.raw, $0.baseAddress, $0.count) != 0
    }
  }

  /// Watches the folders above. One that may not be read is left out: nothing can be replaced in it without permission.
  private func addParents() {
    for folder in Self.parents(path) { _ = unsafe linux_inotify_add_parent(parents.raw, folder) }
  }

  /// Returns the folders above those in which a change can affect a path.
  static func parents(_ path: String) -> [String] {
    var parents: [String] = []
    for folder in folders(path) {
      var rest = folder
      while rest != "/", let slash = rest.lastIndex(of: "/") {
        rest = slash == rest.startIndex ? "/" : String(rest[..<slash])
        if !parents.contains(rest) { parents.append(rest) }
      }
    }
    return parents
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
    try poller.watch(
      file.descriptor, UInt32(LINUX_IN), Token(.files, generation: 0, number: UInt32(bitPattern: file.descriptor)))
    try poller.watch(
      file.parentsDescriptor, UInt32(LINUX_IN),
      Token(.parents, generation: 0, number: UInt32(bitPattern: file.parentsDescriptor)))
    fileWatches.append(file)
  }
}
