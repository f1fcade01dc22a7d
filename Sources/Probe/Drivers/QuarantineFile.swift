internal import Glibc

/// The file that stores the quarantine. A driver's key contains the boot ID, so no entry applies after a reboot.
struct QuarantineFile {
  private static let bytesMax = 1 << 18

  let path: String

  /// Reads the quarantine; returns `nil` if the file cannot be read.
  func read() -> DriverQuarantine? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { _ = close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while bytes.count < Self.bytesMax {
      let count = unsafe Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { return nil }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return DriverQuarantine(text: String(decoding: bytes, as: UTF8.self))
  }

  /// Replaces the file atomically. If that fails, the quarantine stays in memory only.
  func write(_ quarantine: DriverQuarantine) {
    let temporary = "\(path).\(getpid())"
    if let slash = path.lastIndex(of: "/") { _ = unsafe mkdir(String(path[..<slash]), 0o700) }
    let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { return }
    let bytes = Array(quarantine.text.utf8)
    let count = unsafe Glibc.write(file, bytes, bytes.count)
    _ = close(file)
    let isPlaced = unsafe count == bytes.count && rename(temporary, path) == 0
    if !isPlaced { _ = unsafe unlink(temporary) }
  }
}
