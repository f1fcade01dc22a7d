import Glibc

/// A buffer for an incomplete piece of input. Its owner frees it; its memory is reused.
struct Carry {
  private(set) var bytes: UnsafeMutablePointer<UInt8>?
  private(set) var count = 0
  private var capacity = 0

  var all: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }

  mutating func append(_ more: UnsafeRawBufferPointer) {
    guard let start = more.baseAddress, !more.isEmpty else { return }
    if count + more.count > capacity {
      capacity = max(512, max(capacity * 2, count + more.count))
      bytes = realloc(bytes, capacity).assumingMemoryBound(to: UInt8.self)
    }
    memcpy(bytes! + count, start, more.count)
    count += more.count
  }

  mutating func clear() { count = 0 }

  mutating func removeFirst(_ number: Int) {
    count -= number
    if let bytes, count > 0 { memmove(bytes, bytes + number, count) }
  }

  mutating func free() {
    Glibc.free(bytes)
    self = Carry()
  }
}
