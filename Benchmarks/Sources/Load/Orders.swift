import Glibc

/// What the mock is to do, said in the text of the request's message, so that every gateway passes it on.
struct Orders {
  /// Events of a stream, without the ones for role, finish and usage.
  var chunks = 16
  /// Nanoseconds from one event to the next; none sends as fast as it can.
  var gap: UInt64 = 0
  /// Bytes of an answer that is no stream.
  var bytes = 1024
  /// Nanoseconds before the answer begins.
  var delay: UInt64 = 0
  /// Whether the stream stays open after its events, in silence.
  var holds = false

  /// As it stands in a message.
  var text: String {
    "[load chunks=\(chunks) gap_us=\(gap / 1000) bytes=\(bytes) delay_us=\(delay / 1000) hold=\(holds ? 1 : 0)]"
  }

  /// How far into a body they are looked for.
  private static let reach = 4096

  init() {}

  /// Reads them out of a request's body; what is not said has its default.
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
