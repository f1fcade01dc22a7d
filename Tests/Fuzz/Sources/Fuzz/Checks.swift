@testable import Gateway
internal import Glibc

/// Writes a line to standard error.
func say(_ text: String) {
  var line = Array(text.utf8)
  line.append(0x0a)
  _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
}

/// Ends the process when a property does not hold; in a release build `precondition` would not say which.
@inline(__always)
func expect(_ holds: Bool, _ property: @autoclosure () -> String, line: Int = #line, file: String = #fileID) {
  if !holds { fail("\(file):\(line): \(property())") }
}

/// Ends the process; libFuzzer keeps the input.
@inline(never)
func fail(_ text: String) -> Never {
  say("PROPERTY BROKEN: \(text)")
  abort()
}

/// Lends a copy of bytes in memory of exactly their size, so that AddressSanitizer sees a read behind them.
func lending<Result>(_ bytes: Span<UInt8>, _ range: Range<Int>, _ use: (Span<UInt8>) -> Result) -> Result {
  let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: range.count)
  for index in 0..<range.count { unsafe copy[index] = bytes[range.lowerBound + index] }
  defer { unsafe copy.deallocate() }
  return use(unsafe UnsafeBufferPointer(copy).span)
}

/// Where an input is cut, as its first bytes say: each is the length of a piece, by its low five bits.
///
/// So `a` is one byte, `z` is 26 and `` ` `` is none. The lengths are used in turn until there are enough pieces.
struct Cuts {
  /// Bytes at the beginning of an input that say where it is cut.
  static let byteCount = 4
  private static let piecesMax = 16

  /// The ends of the pieces; the last one is the end of the input.
  let ends: [Int]

  init(_ control: Span<UInt8>, count: Int) {
    var ends: [Int] = []
    var end = 0
    while ends.count < Self.piecesMax, end < count {
      end = min(count, end + Int(control[ends.count % Self.byteCount] & 31))
      ends.append(end)
    }
    if end < count || ends.isEmpty { ends.append(count) }
    self.ends = ends
  }
}

extension Span where Element == UInt8 {
  /// A copy.
  var array: [UInt8] {
    var copy: [UInt8] = []
    copy.append(self)
    return copy
  }

  /// What follows the first `count` bytes.
  @_lifetime(copy self)
  func behind(_ count: Int) -> Span<UInt8> { extracting(count...) }

  /// Whether a slice lies inside.
  func holds(_ slice: Slice) -> Bool { slice.range.upperBound <= count }
}

extension [UInt8] {
  /// The bytes as text, for messages.
  var shown: String { String(decoding: self, as: UTF8.self).debugDescription }
}
