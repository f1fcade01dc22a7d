@testable import Gateway
internal import Glibc

/// Writes a line to standard error.
func say(_ text: String) {
  var line = Array(text.utf8)
  line.append(0x0a)
  _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
}

/// Ends the process if a property does not hold. In a release build, `precondition` would not print which.
@inline(__always)
func expect(_ holds: Bool, _ property: @autoclosure () -> String, line: Int = #line, file: String = #fileID) {
  if !holds { fail("\(file):\(line): \(property())") }
}

/// Ends the process. libFuzzer keeps the input.
@inline(never)
func fail(_ text: String) -> Never {
  say("PROPERTY BROKEN: \(text)")
  abort()
}

/// Calls `body` with a copy of the bytes in memory of exactly their size, so that AddressSanitizer detects reads
/// past the end.
func lending<Result>(_ bytes: Span<UInt8>, _ range: Range<Int>, _ use: (Span<UInt8>) -> Result) -> Result {
  let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: range.count)
  for index in 0..<range.count { unsafe copy[index] = bytes[range.lowerBound + index] }
  defer { unsafe copy.deallocate() }
  return use(unsafe UnsafeBufferPointer(copy).span)
}

/// The positions at which an input is cut, from its first bytes: each is the length of a piece, by its low five
/// bits.
///
/// `a` is one byte, `z` is 26, and `` ` `` is zero. The lengths repeat until there are enough pieces.
struct Cuts {
  /// The number of bytes at the start of an input that determine the cuts.
  static let byteCount = 4
  private static let piecesMax = 16

  /// The ends of the pieces. The last one is the end of the input.
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
  /// A copy of the bytes.
  var array: [UInt8] {
    var copy: [UInt8] = []
    copy.append(self)
    return copy
  }

  /// The bytes after the first `count`.
  @_lifetime(copy self)
  func behind(_ count: Int) -> Span<UInt8> { extracting(count...) }

  /// Returns whether a slice lies inside the bytes.
  func holds(_ slice: Slice) -> Bool { slice.range.upperBound <= count }
}

extension [UInt8] {
  /// The bytes as text, for messages.
  var shown: String { String(decoding: self, as: UTF8.self).debugDescription }
}
