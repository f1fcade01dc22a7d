internal import CDrivers
internal import Glibc

/// A tree of the kernel's files: the machine's own, or one that was recorded.
///
/// Every read is bounded, follows symbolic links only inside the tree, and never waits for a writer.
public final class SystemFiles {
  /// Bytes of one file that are read at most.
  static let bytesMax = 1 << 20
  /// Entries of one folder that are looked at.
  static let entriesMax = 4096
  private static let pageSize = 4096

  /// Whether it is this machine's own tree, so that what the kernel says of this process belongs to it.
  public let isMachine: Bool
  private let descriptor: Int32
  /// What was read since `record` was called, with what came of it; what a fixture is made of.
  private(set) var recording: [(path: String, entry: Entry)]?
  /// Device files of a recorded tree that its process could not open.
  public var closed: Set<String> = []
  /// One thing that was read.
  enum Entry: Equatable {
    case file([UInt8])
    case link(String)
    case folder
  }

  /// Opens a tree; nil when the folder cannot be opened.
  public init?(_ path: String = "/") {
    descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    isMachine = path == "/"
    if descriptor < 0 { return nil }
  }

  deinit { _ = close(descriptor) }

  /// Keeps what is read from now on, as a fixture.
  public func record() { recording = [] }

  /// The bytes of a file; nil when it cannot be read.
  ///
  /// Up to a page comes in one read, as the kernel's attributes do.
  func bytes(_ path: String, max: Int = 4096) -> [UInt8]? {
    let file = unsafe drivers_open(descriptor, path, O_RDONLY, isMachine ? 0 : 1)
    guard file >= 0 else { return nil }
    defer { _ = close(file) }
    let most = min(max, Self.bytesMax)
    let found = unsafe withUnsafeTemporaryAllocation(byteCount: most, alignment: 16) { buffer -> [UInt8]? in
      var count = 0
      while count < most {
        let more = unsafe read(file, buffer.baseAddress! + count, most - count)
        if more < 0, errno == EINTR { continue }
        if more < 0, count == 0 { return nil }
        if more <= 0 { break }
        count += more
        if most <= Self.pageSize { break }
      }
      // A dump may have been padded to a page.
      while count > 0, unsafe buffer[count - 1] == 0 { count -= 1 }
      return unsafe [UInt8](buffer[..<count])
    }
    if let found { recording?.append((path, .file(found))) }
    return found
  }

  /// The text of a file, trimmed.
  func text(_ path: String, max: Int = 4096) -> String? {
    bytes(path, max: max).map { String(decoding: $0, as: UTF8.self).trimmed }
  }

  /// The decimal number that a file holds.
  func number(_ path: String) -> Int? { text(path, max: 64).flatMap { Int($0) } }

  /// The hexadecimal number that a file holds.
  func hex(_ path: String) -> Int? { text(path, max: 64).flatMap { Int(hex: $0) } }

  /// The last component of where a symbolic link leads.
  func link(_ path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 1024)
    let count = isMachine ? unsafe readlinkat(descriptor, path, &bytes, bytes.count) : confinedLink(path, &bytes)
    guard count > 0 else { return nil }
    let target = String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    recording?.append((path, .link(target)))
    return target.split(separator: "/").last.map(String.init)
  }

  /// The same in a tree that no link may lead out of: its folder is opened first.
  private func confinedLink(_ path: String, _ bytes: inout [CChar]) -> Int {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    let parent = slash == path.startIndex ? "." : String(path[..<slash])
    let name = slash == path.startIndex ? path : String(path[path.index(after: slash)...])
    let folder = unsafe drivers_open(descriptor, parent, Int32(DRIVERS_NAME_ONLY) | O_DIRECTORY, 1)
    guard folder >= 0 else { return -1 }
    defer { _ = close(folder) }
    return unsafe readlinkat(folder, name, &bytes, bytes.count)
  }

  /// The names in a folder, sorted; empty when there is none.
  func names(_ path: String) -> [String] {
    let folder = unsafe drivers_open(descriptor, path, O_RDONLY | O_DIRECTORY, isMachine ? 0 : 1)
    guard folder >= 0 else { return [] }
    guard let stream = unsafe fdopendir(folder) else {
      _ = close(folder)
      return []
    }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    while names.count < Self.entriesMax, let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    recording?.append((path, .folder))
    return names.sorted()
  }

  /// Whether there is something at a path.
  func exists(_ path: String) -> Bool {
    let found = unsafe drivers_open(descriptor, path, Int32(DRIVERS_NAME_ONLY), isMachine ? 0 : 1)
    guard found >= 0 else { return false }
    _ = close(found)
    recording?.append((path, .folder))
    return true
  }

  /// Whether this process may open a device file; nil when there is none.
  func mayOpen(_ path: String) -> Bool? {
    guard isMachine else { return exists(path) ? !closed.contains(path) : nil }
    let full = "/" + path
    if unsafe access(full, F_OK) != 0 { return nil }
    return unsafe access(full, R_OK | W_OK) == 0
  }
}

@available(*, unavailable)
extension SystemFiles: Sendable {}
