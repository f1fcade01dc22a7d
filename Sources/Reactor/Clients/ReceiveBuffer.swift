internal import CLinux

/// A shared buffer for receiving when the number of bytes is not known yet.
@safe
struct ReceiveBuffer: ~Copyable {
  /// The most bytes received at a time.
  static let bytesMax = 64 * 1024

  private let storage = UnsafeMutablePointer<UInt8>.allocate(capacity: bytesMax)
  /// The number of bytes received since the start.
  private(set) var receivedBytes = 0

  deinit { unsafe storage.deallocate() }

  /// Receives once and appends the bytes. Returns their number, 0 at the end of the input, or a negative errno.
  mutating func receive(from descriptor: CInt, into bytes: inout Bytes) -> Int {
    let count = unsafe linux_receive(descriptor, storage, Self.bytesMax)
    if count > 0 {
      unsafe bytes.append(UnsafeRawPointer(storage), count: count)
      receivedBytes &+= count
    }
    return count
  }

  /// Receives at most `limit` bytes, which `bytes` has until the next call. Returns like `receive`.
  mutating func receive(from descriptor: CInt, atMost limit: Int) -> Int {
    let count = unsafe linux_receive(descriptor, storage, min(limit, Self.bytesMax))
    if count > 0 { receivedBytes &+= count }
    return count
  }

  /// The first bytes of the last call.
  @_lifetime(borrow self)
  func bytes(_ count: Int) -> Span<UInt8> {
    let bytes = unsafe UnsafeBufferPointer(start: UnsafePointer(storage), count: min(count, Self.bytesMax))
    return unsafe _overrideLifetime(bytes.span, borrowing: self)
  }
}
