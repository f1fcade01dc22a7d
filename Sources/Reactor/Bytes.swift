internal import CLinux
internal import Glibc

/// A queue of bytes: appended at the end, consumed at the front, read as one contiguous span.
///
/// The storage moves only when bytes are appended. It grows by doubling and is released when the queue is empty and
/// larger than `keptMax`. From `blockMin` bytes on it consists of whole pages from the kernel, which do not fragment
/// the heap and grow without a copy. The queue has no limit of its own; the callers of `append` enforce one.
@safe
public struct Bytes: ~Copyable {
  /// The largest storage that an empty queue keeps, in bytes.
  static let keptMax = 16 * 1024
  /// The smallest storage that is allocated as whole pages, in bytes.
  static let blockMin = Int(LINUX_BLOCK_MIN)

  private var storage: UnsafeMutablePointer<UInt8>?
  private var capacity = 0
  private var isBlock = false
  private var start = 0
  private var end = 0

  /// Creates an empty queue without storage.
  public init() { unsafe storage = nil }

  deinit { freeStorage() }

  /// The number of unread bytes.
  public var count: Int { end - start }
  public var isEmpty: Bool { end == start }

  /// The unread bytes, in place.
  public var readable: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      let bytes = unsafe UnsafeBufferPointer(start: storage.map { unsafe UnsafePointer($0 + start) }, count: count)
      return unsafe _overrideLifetime(bytes.span, borrowing: self)
    }
  }

  /// Appends a span of bytes.
  public mutating func append(_ bytes: Span<UInt8>) {
    guard !bytes.isEmpty else { return }
    reserve(bytes.count)
    unsafe bytes.withUnsafeBufferPointer { source in
      _ = unsafe memcpy(storage! + end, source.baseAddress!, source.count)
    }
    end += bytes.count
  }

  /// Appends an array of bytes.
  public mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  /// Appends `count` bytes from an address.
  mutating func append(_ bytes: UnsafeRawPointer, count: Int) {
    guard count > 0 else { return }
    reserve(count)
    unsafe memcpy(storage! + end, bytes, count)
    end += count
  }

  /// Removes the first `count` bytes. Traps if there are fewer.
  public mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "consumed more bytes than available")
    start += count
    if start == end { clear() }
  }

  /// Removes all bytes.
  public mutating func clear() {
    start = 0
    end = 0
    if capacity > Self.keptMax { release() }
  }

  /// Releases the storage if the queue is empty.
  mutating func shrink() {
    if isEmpty { release() }
  }

  private mutating func release() {
    freeStorage()
    unsafe storage = nil
    isBlock = false
    capacity = 0
    start = 0
    end = 0
  }

  /// Sends once from the queue to a descriptor and removes the bytes that were sent.
  ///
  /// Returns the number of bytes sent, or a negative errno.
  mutating func send(to descriptor: CInt) -> Int {
    guard let base = unsafe storage, count > 0 else { return 0 }
    let sent = unsafe linux_send(descriptor, base + start, count)
    if sent > 0 { consume(sent) }
    return sent
  }

  /// The address of the unread bytes, valid until the next append, consume, or clear.
  var address: UnsafePointer<UInt8>? { unsafe storage.map { unsafe UnsafePointer($0 + start) } }

  private mutating func reserve(_ more: Int) {
    if capacity - end >= more { return }
    let waiting = count
    if capacity - waiting >= more, start >= waiting {
      // The free space is at the front: move the short remainder down instead of growing.
      unsafe memmove(storage!, storage! + start, waiting)
    } else {
      var larger = max(capacity, 256)
      while larger - waiting < more { larger *= 2 }
      if start == 0, isBlock, let grown = unsafe linux_block_grow(storage, capacity, larger) {
        unsafe storage = grown.assumingMemoryBound(to: UInt8.self)
        capacity = larger
        return
      }
      let block = unsafe larger < Self.blockMin ? nil : linux_block_take(larger)
      let fresh = unsafe block?.assumingMemoryBound(to: UInt8.self) ?? .allocate(capacity: larger)
      if waiting > 0 { unsafe memcpy(fresh, storage! + start, waiting) }
      freeStorage()
      unsafe storage = fresh
      capacity = larger
      isBlock = unsafe block != nil
    }
    start = 0
    end = waiting
  }

  private func freeStorage() {
    guard let storage = unsafe storage else { return }
    if isBlock { unsafe linux_block_give(storage, capacity) } else { unsafe storage.deallocate() }
  }
}
