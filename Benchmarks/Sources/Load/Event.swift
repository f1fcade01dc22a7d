/// One event of the mock's stream, as an HTTP chunk: a chat completion chunk whose text is its number and the time
/// at which it was sent. The size is constant, so only digits change.
struct Event {
  /// The bytes before the number.
  static let mark: StaticString = "\"content\":\"#"
  static let markBytes = 12
  static let numberDigits = 8
  static let timeDigits = 20

  /// The bytes to send.
  let bytes: UnsafeMutablePointer<UInt8>
  let count: Int
  private let number: Int
  private let time: Int

  init() {
    let zeros =
      String(repeating: "0", count: Self.numberDigits) + " " + String(repeating: "0", count: Self.timeDigits)
    let text = Self.chunk(Self.json(delta: "{\"content\":\"#\(zeros) \"}", finish: "null"))
    let utf8 = Array(text.utf8)
    count = utf8.count
    bytes = .allocate(capacity: count)
    bytes.initialize(from: utf8, count: count)
    number = UnsafeRawBufferPointer(start: bytes, count: count).position(of: Self.mark)! + Self.markBytes
    time = number + Self.numberDigits + 1
  }

  func fill(number value: Int, time now: UInt64) {
    write(UInt64(value), at: number, digits: Self.numberDigits)
    write(now, at: time, digits: Self.timeDigits)
  }

  private func write(_ value: UInt64, at place: Int, digits: Int) {
    var rest = value
    for index in stride(from: place + digits - 1, through: place, by: -1) {
      bytes[index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }

  /// Returns an event as an HTTP chunk.
  static func chunk(_ json: String) -> String {
    let event = "data: \(json)\n\n"
    return String(event.utf8.count, radix: 16) + "\r\n" + event + "\r\n"
  }

  static func json(delta: String, finish: String) -> String {
    "{\"id\":\"chatcmpl-load\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"mock\","
      + "\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(finish)}]}"
  }
}
