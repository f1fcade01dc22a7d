import Glibc

/// The orders for the mock, written in the text of the request's message so that every gateway passes them on.
struct Orders {
  /// The number of events of a stream, without those for role, finish, and usage.
  var chunks = 16
  /// The nanoseconds between events. 0 sends as fast as possible.
  var gap: UInt64 = 0
  /// The size of a non-streaming response, in bytes.
  var bytes = 1024
  /// The nanoseconds before the response starts.
  var delay: UInt64 = 0
  /// Whether the stream stays open and silent after its events.
  var holds = false

  /// The text in a message.
  var text: String {
    "[load chunks=\(chunks) gap_us=\(gap / 1000) bytes=\(bytes) delay_us=\(delay / 1000) hold=\(holds ? 1 : 0)]"
  }

  /// The number of bytes of a body that are searched.
  private static let reach = 4096

  init() {}

  /// Reads the orders from a request's body. Missing ones have their defaults.
  init(in body: UnsafeRawBufferPointer) {
    let near = UnsafeRawBufferPointer(rebasing: body[..<min(body.count, Self.reach)])
    guard let start = near.position(of: "[load ") else { return }
    var place = start + 6
    while place < body.count, body[place] != 0x5d {
      let name = place
      while place < body.count, body[place] != 0x3d, body[place] != 0x5d { place += 1 }
      guard place < body.count, body[place] == 0x3d else { return }
      let length = place - name
      place += 1
      var value = 0
      while place < body.count, body[place] >= 0x30, body[place] <= 0x39, value < 1 << 40 {
        value = value * 10 + Int(body[place] - 0x30)
        place += 1
      }
      set(UnsafeRawBufferPointer(rebasing: body[name..<(name + length)]), to: value)
      while place < body.count, body[place] == 0x20 { place += 1 }
    }
  }

  private mutating func set(_ name: UnsafeRawBufferPointer, to value: Int) {
    func says(_ word: StaticString) -> Bool {
      name.count == word.utf8CodeUnitCount && memcmp(name.baseAddress!, word.utf8Start, name.count) == 0
    }
    if says("chunks") { chunks = min(value, 99_999_999) }
    if says("gap_us") { gap = UInt64(value) * 1000 }
    if says("bytes") { bytes = min(value, 64 << 20) }
    if says("delay_us") { delay = UInt64(value) * 1000 }
    if says("hold") { holds = value != 0 }
  }
}
