internal import COpenSSL

/// The 32 bytes of a SHA-256 digest or an HMAC-SHA256.
public struct Digest256: Equatable, Sendable, CustomStringConvertible {
  /// The bytes, in printing order.
  public var bytes: InlineArray<32, UInt8>

  public init(bytes: InlineArray<32, UInt8>) { self.bytes = bytes }

  /// Returns whether two digests are equal, in a time that does not depend on where they differ.
  public static func == (left: Digest256, right: Digest256) -> Bool {
    constantTimeEquals(left.bytes.span, right.bytes.span)
  }

  /// The digest as 64 lower-case hexadecimal digits.
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

/// Returns whether two sequences of bytes are equal, in a time that depends only on their lengths, which are not secret.
public func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
  guard left.count == right.count, !left.isEmpty else { return left.count == right.count }
  return unsafe left.withUnsafeBufferPointer { one in
    unsafe right.withUnsafeBufferPointer { other in
      unsafe copenssl_equal(one.baseAddress!, other.baseAddress!, one.count)
    }
  }
}
