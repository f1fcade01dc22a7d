internal import CDrivers
internal import Glibc

/// The kernel's files: those of this machine, or a recorded tree.
///
/// Every read is bounded and never waits for a writer. In a recorded tree, symbolic links cannot leave the tree.
public final class SystemFiles {
  /// Maximum bytes of one file.
  static let bytesMax = 1 << 20
  /// Maximum entries of one folder.
  static let entriesMax = 4096
  private static let pageSize = 4096

  /// Whether these are this machine's files, so that system calls about this process match them.
  public let isMachine: Bool
  private let descriptor: Int32
  /// Everything that was read since `record` was called, to create a fixture.
  private(set) var recording: [(path: String, entry: Entry)]?
  /// Device files of a recorded tree that cannot be opened.
  public var closed: Set<String> = []
  /// The result of one read.
  enum Entry: Equatable {
    case file([UInt8])
    case link(String)
    case folder
  }

  /// Opens a tree; returns `nil` if that fails.
  public init?(_ path: String = "/") {
    descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    isMachine = path == "/"
    if descriptor < 0 { return nil }
  }

  deinit { _ = close(descriptor) }

  /// Starts to record everything that is read.
  public func record() { recording = [] }

  /// Reads a file; returns `nil` if that fails.
  ///
  /// Up to a page is read with one system call, because the kernel formats an attribute for each.
  func bytes(_ path: String, max: Int = 4096) -> [UInt8]? {
    let file = unsafe drivers_open(descriptor, path, O_RDONLY, isMachine ? 0 : 1)
    guard file >= 0 else { return nil }
    defer { _ = close(file) }
    let limit = min(max, Self.bytesMax)
    let found = unsafe withUnsafeTemporaryAllocation(byteCount: limit, alignment: 16) { buffer -> [UInt8]? in
      var count = 0
      while count < limit {
        let more = unsafe read(file, buffer.baseAddress! + count, limit - count)
        if more < 0, errno == EINTR { continue }
        if more < 0, count == 0 { return nil }
        if more <= 0 { break }
        count += more
        if limit <= Self.pageSize { break }
      }
      // A recorded file may be padded to a page.
      while count > 0, unsafe buffer[count - 1] == 0 { count -= 1 }
      return unsafe [UInt8](buffer[..<count])
    }
    if let found { recording?.append((path, .file(found))) }
    return found
  }

  /// Reads a file as text, trimmed.
  func text(_ path: String, max: Int = 4096) -> String? {
    bytes(path, max: max).map { String(decoding: $0, as: UTF8.self).trimmed }
  }

  /// Reads a file that contains a decimal number.
  func number(_ path: String) -> Int? { text(path, max: 64).flatMap { Int($0) } }

  /// Reads a file that contains a hexadecimal number.
  func hex(_ path: String) -> Int? { text(path, max: 64).flatMap { Int(hex: $0) } }

  /// Returns the last component of a symbolic link's target.
  func link(_ path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 1024)
    let count = isMachine ? unsafe readlinkat(descriptor, path, &bytes, bytes.count) : confinedLink(path, &bytes)
    guard count > 0 else { return nil }
    let target = String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    recording?.append((path, .link(target)))
    return target.split(separator: "/").last.map(String.init)
  }

  /// Reads a link in a recorded tree. Opens its folder first, so that no link can leave the tree.
  private func confinedLink(_ path: String, _ bytes: inout [CChar]) -> Int {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    let parent = slash == path.startIndex ? "." : String(path[..<slash])
    let name = slash == path.startIndex ? path : String(path[path.index(after: slash)...])
    let folder = unsafe drivers_open(descriptor, parent, Int32(DRIVERS_NAME_ONLY) | O_DIRECTORY, 1)
    guard folder >= 0 else { return -1 }
    defer { _ = close(folder) }
    return unsafe readlinkat(folder, name, &bytes, bytes.count)
  }

  /// Returns the sorted names in a folder; empty if it does not exist.
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

  /// Returns whether a path exists.
  func exists(_ path: String) -> Bool {
    let found = unsafe drivers_open(descriptor, path, Int32(DRIVERS_NAME_ONLY), isMachine ? 0 : 1)
    guard found >= 0 else { return false }
    _ = close(found)
    recording?.append((path, .folder))
    return true
  }

  /// Returns whether this process may open a device file; `nil` if it does not exist.
  func mayOpen(_ path: String) -> Bool? {
    guard isMachine else { return exists(path) ? !closed.contains(path) : nil }
    let full = "/" + path
    if unsafe access(full, F_OK) != 0 { return nil }
    return unsafe access(full, R_OK | W_OK) == 0
  }
}

@available(*, unavailable)
extension SystemFiles: Sendable {}
