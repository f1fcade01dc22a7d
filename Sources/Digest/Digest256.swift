internal import COpenSSL

/// The 32 bytes of a SHA-256 or of an HMAC made with it.
public struct Digest256: Equatable, Sendable, CustomStringConvertible {
  /// The bytes, in the order in which they are printed.
  public var bytes: InlineArray<32, UInt8>

  public init(bytes: InlineArray<32, UInt8>) { self.bytes = bytes }

  /// Whether two digests are the same, in a time that says nothing about where they differ.
  public static func == (left: Digest256, right: Digest256) -> Bool {
    constantTimeEquals(left.bytes.span, right.bytes.span)
  }

  /// 64 lower-case hexadecimal digits.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for index in bytes.indices {
      text.append(digits[Int(bytes[index] >> 4)])
      text.append(digits[Int(bytes[index] & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// Whether two runs of bytes are the same. Takes a time that depends on their lengths only, which are no secret.
public func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
  guard left.count == right.count, !left.isEmpty else { return left.count == right.count }
  return unsafe left.withUnsafeBufferPointer { one in
    unsafe right.withUnsafeBufferPointer { other in
      unsafe copenssl_equal(one.baseAddress!, other.baseAddress!, one.count)
    }
  }
}
