/// Reads the line before a chunk byte by byte: its size and its extensions (RFC 9112, section 7.1).
///
/// White space is allowed only where the grammar has it, around the parts of an extension.
package struct ChunkLine: Sendable {
  /// Hex digits of a chunk size, including leading zeros.
  package static let digitsMax = 8
  /// Bytes of the extensions of one chunk, from the first semicolon.
  package static let extensionBytesMax = 256
  /// Bytes of the extensions of one body.
  package static let extensionsBytesMax = 4 * 1024

  private enum State {
    case size
    /// Before, in, and after the name of an extension.
    case nameStart, name, nameEnd
    /// Before, in, and after its value.
    case valueStart, token, quoted, escaped, quotedEnd, valueEnd
    case lineFeed
  }

  /// The chunk size, complete when the line has ended.
  package private(set) var size = 0
  /// Bytes of extensions so far.
  package private(set) var extensionByteCount = 0
  private var digitCount = 0
  private var state = State.size

  package init() {}

  /// Reads one byte and returns whether it completes the line.
  package mutating func take(_ byte: UInt8) throws(BodyError) -> Bool {
    switch state {
    case .size:
      try takeSize(byte)
      return false
    case .lineFeed:
      guard byte == 0x0a else { throw .lineEnd }
      return true
    default:
      if byte == 0x0d, mayEnd {
        state = .lineFeed
        return false
      }
      guard extensionByteCount < Self.extensionBytesMax else { throw .chunkExtensionTooLong }
      extensionByteCount += 1
      guard byte != 0x0a else { throw .lineEnd }
      guard let next = Self.after(state, byte) else { throw .chunkExtension }
      state = next
      return false
    }
  }

  private mutating func takeSize(_ byte: UInt8) throws(BodyError) {
    if let digit = byte.hexDigitValue {
      guard digitCount < Self.digitsMax else { throw .chunkSize }
      digitCount += 1
      size = size << 4 | Int(digit)
    } else {
      guard byte != 0x0a else { throw .lineEnd }
      guard digitCount > 0, byte == 0x0d || byte == UInt8(ascii: ";") else { throw .chunkSize }
      if byte != 0x0d { extensionByteCount = 1 }
      state = byte == 0x0d ? .lineFeed : .nameStart
    }
  }

  private var mayEnd: Bool { state == .name || state == .token || state == .quotedEnd }

  /// Returns the state after one byte of an extension, or nil if the byte is not allowed there.
  private static func after(_ state: State, _ byte: UInt8) -> State? {
    let (semicolon, equals, quote, backslash) = (0x3b as UInt8, 0x3d as UInt8, 0x22 as UInt8, 0x5c as UInt8)
    switch state {
    case .nameStart: return byte.isTokenByte ? .name : byte.isBlank ? .nameStart : nil
    case .name, .nameEnd:
      if byte == semicolon { return .nameStart }
      if byte == equals { return .valueStart }
      if byte.isBlank { return .nameEnd }
      return state == .name && byte.isTokenByte ? .name : nil
    case .valueStart:
      return byte.isTokenByte ? .token : byte == quote ? .quoted : byte.isBlank ? .valueStart : nil
    case .token, .quotedEnd, .valueEnd:
      if byte == semicolon { return .nameStart }
      if byte.isBlank { return .valueEnd }
      return state == .token && byte.isTokenByte ? .token : nil
    case .quoted:
      if byte == quote { return .quotedEnd }
      if byte == backslash { return .escaped }
      return byte.isForbiddenControl ? nil : .quoted
    case .escaped: return byte.isForbiddenControl ? nil : .quoted
    case .size, .lineFeed: return nil
    }
  }
}
