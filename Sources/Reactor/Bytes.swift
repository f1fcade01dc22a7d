internal import CLinux
internal import Glibc

/// A queue of bytes: appended at the end, consumed at the front, lent in one piece.
///
/// The storage does not move while nothing is appended, grows by doubling, and is given back when the queue
/// is empty and larger than `keptMax`. Bounds are the owner's: see the callers of `append`.
@safe
public struct Bytes: ~Copyable {
  /// Storage that an empty queue keeps.
  static let keptMax = 16 * 1024

  private var storage: UnsafeMutablePointer<UInt8>?
  private var capacity = 0
  private var start = 0
  private var end = 0

  public init() { unsafe storage = nil }

  deinit { unsafe storage?.deallocate() }

  /// The number of bytes waiting.
  public var count: Int { end - start }
  public var isEmpty: Bool { end == start }

  /// The bytes waiting, in place.
  public var readable: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      let bytes = unsafe UnsafeBufferPointer(start: storage.map { unsafe UnsafePointer($0 + start) }, count: count)
      return unsafe _overrideLifetime(bytes.span, borrowing: self)
    }
  }

  public mutating func append(_ bytes: Span<UInt8>) {
    guard !bytes.isEmpty else { return }
    reserve(bytes.count)
    unsafe bytes.withUnsafeBufferPointer { source in
      _ = unsafe memcpy(storage! + end, source.baseAddress!, source.count)
    }
    end += bytes.count
  }

  public mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  mutating func append(_ bytes: UnsafeRawPointer, count: Int) {
    guard count > 0 else { return }
    reserve(count)
    unsafe memcpy(storage! + end, bytes, count)
    end += count
  }

  /// Gives back the first `count` bytes. Traps when there are fewer.
  public mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "more bytes consumed than there are")
    start += count
    if start == end { clear() }
  }

  /// Forgets everything.
  public mutating func clear() {
    start = 0
    end = 0
    if capacity > Self.keptMax { release() }
  }

  /// Gives the storage back when nothing waits in it.
  mutating func shrink() {
    if isEmpty { release() }
  }

  private mutating func release() {
    unsafe storage?.deallocate()
    unsafe storage = nil
    capacity = 0
    start = 0
    end = 0
  }

  /// Receives once from a descriptor into the queue, at most `count` bytes.
  ///
  /// Returns what `recv` said: bytes received, 0 at the end of the stream, or a negative errno.
  mutating func receive(from descriptor: CInt, upTo count: Int) -> Int {
    reserve(count)
    let received = unsafe linux_receive(descriptor, storage! + end, count)
    if received > 0 { end += received }
    return received
  }

  /// Sends once from the queue to a descriptor; consumes what went. Returns as `receive` does.
  mutating func send(to descriptor: CInt) -> Int {
    guard let base = unsafe storage, count > 0 else { return 0 }
    let sent = unsafe linux_send(descriptor, base + start, count)
    if sent > 0 { consume(sent) }
    return sent
  }

  /// The address of the waiting bytes; stays good until the next append, consume or clear.
  var address: UnsafePointer<UInt8>? { unsafe storage.map { unsafe UnsafePointer($0 + start) } }

  private mutating func reserve(_ more: Int) {
    if capacity - end >= more { return }
    let waiting = count
    if capacity - waiting >= more, start >= waiting {
      // The free room is in front: move the (short) rest down instead of growing.
      unsafe memmove(storage!, storage! + start, waiting)
    } else {
      var larger = max(capacity, 1024)
      while larger - waiting < more { larger *= 2 }
      let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
      if waiting > 0 { unsafe memcpy(fresh, storage! + start, waiting) }
      unsafe storage?.deallocate()
      unsafe storage = fresh
      capacity = larger
    }
    start = 0
    end = waiting
  }
}
