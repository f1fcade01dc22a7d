/// Checks the trailer fields after the last chunk byte by byte, by the rules of a head (RFC 9112, section 7.1.2).
///
/// They are dropped, so that a field that is forbidden in trailers does no harm.
package struct TrailerLine: Sendable {
  private enum State { case start, name, value, lineFeed, lastLineFeed }

  private var state = State.start
  private var fieldCount = 0
  private var byteCount = 0
  private var lineByteCount = 0

  package init() {}

  /// Reads one byte, and returns whether it completes the trailers and thereby the body.
  package mutating func take(_ byte: UInt8) throws(BodyError) -> Bool {
    switch state {
    case .start where byte == 0x0d: state = .lastLineFeed
    case .lastLineFeed:
      guard byte == 0x0a else { throw .lineEnd }
      return true
    case .lineFeed:
      guard byte == 0x0a else { throw .lineEnd }
      byteCount += 2
      lineByteCount = 0
      state = .start
    case .value where byte == 0x0d: state = .lineFeed
    case .start, .name, .value: try takeInLine(byte)
    }
    return false
  }

  private mutating func takeInLine(_ byte: UInt8) throws(BodyError) {
    if state == .start {
      guard fieldCount < HeadLimits.fieldsMax else { throw .trailersTooLarge }
      fieldCount += 1
    }
    byteCount += 1
    lineByteCount += 1
    guard byteCount <= HeadLimits.fieldsBytesMax - 2, lineByteCount <= HeadLimits.fieldBytesMax else {
      throw .trailersTooLarge
    }
    if state == .value {
      guard !byte.isForbiddenControl else { throw byte == 0x0a ? .lineEnd : .trailer }
    } else if byte == UInt8(ascii: ":"), state == .name {
      state = .value
    } else {
      guard byte.isTokenByte else { throw byte == 0x0a ? .lineEnd : .trailer }
      state = .name
    }
  }
}
