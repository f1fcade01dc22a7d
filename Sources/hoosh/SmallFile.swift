import Glibc

/// Reads small files.
enum SmallFile {
  /// The most bytes read from a file.
  static let bytesMax = 1 << 20

  /// Returns the content of a file, cut off after `bytesMax`, or `nil` if it cannot be read.
  static func read(_ path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    return readAll(descriptor, bytesMax: bytesMax).map { Array($0.prefix(bytesMax)) }
  }

  /// Returns everything that can be read from a descriptor, cut off behind `bytesMax` at the earliest, or `nil` with
  /// `errno` if that fails. Waits for more, also where the descriptor does not block.
  static func readAll(_ descriptor: Int32, bytesMax: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while bytes.count <= bytesMax {
      let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress!, $0.count) }
      if count == 0 { break }
      if count > 0 {
        bytes += piece[..<count]
      } else if errno == EAGAIN {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&state, 1, -1)
      } else if errno != EINTR {
        return nil
      }
    }
    return bytes
  }
}
