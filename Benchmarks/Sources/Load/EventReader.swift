import Glibc

/// Reads the mock's events from the body of a stream, in pieces of any size, and detects missing ones.
struct EventReader {
  enum Step {
    /// The input is used up.
    case more
    /// An event with its number and the time at which it was sent, on the monotonic clock.
    case event(number: Int, sent: UInt64)
    /// `[DONE]`.
    case done
    /// An error in the stream.
    case fault
  }

  private var lines = LineReader()
  /// The highest number seen.
  private(set) var last = 0
  private(set) var isDone = false
  private var missing = 0
  private(set) var duplicated = 0
  private(set) var reordered = 0

  mutating func reset() {
    lines.clear()
    (last, isDone, missing, duplicated, reordered) = (0, false, 0, 0, 0)
  }

  mutating func free() { lines.free() }

  /// Returns how many of the expected events never arrived.
  func lost(of count: Int) -> Int { missing + max(0, count - last) }

  mutating func next(_ input: UnsafeRawBufferPointer, _ offset: inout Int) -> Step {
    while let line = lines.next(input, &offset) {
      guard line.count > 6, memcmp(line.baseAddress!, "data:", 5) == 0 else { continue }
      if let mark = line.position(of: Event.mark) {
        let start = mark + Event.markBytes
        guard line.count >= start + Event.numberDigits + 1 + Event.timeDigits else { return .fault }
        let number = Int(Self.digits(line, start, Event.numberDigits))
        count(number)
        return .event(
          number: number, sent: Self.digits(line, start + Event.numberDigits + 1, Event.timeDigits))
      }
      if line.position(of: "[DONE]") != nil {
        isDone = true
        return .done
      }
      if line.position(of: "{\"error\"") != nil { return .fault }
    }
    return .more
  }

  private mutating func count(_ number: Int) {
    if number == last + 1 {
      last = number
    } else if number > last {
      missing += number - last - 1
      last = number
    } else if missing > 0 {
      // A missed event that arrives late. A duplicate in a stream with gaps looks the same.
      missing -= 1
      reordered += 1
    } else {
      duplicated += 1
    }
  }

  private static func digits(_ line: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for place in start..<(start + count) { value = value &* 10 &+ UInt64(line[place] &- 0x30) }
    return value
  }
}
