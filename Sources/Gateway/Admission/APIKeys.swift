internal import Digest

/// The tokens that admit a caller, kept as digests only.
public struct APIKeys: Sendable {
  /// Bytes of the longest credential that is looked at.
  public static let presentedMax = Secret.bytesMax

  private let digests: [Digest256]

  /// `bearer`.
  private static let scheme: InlineArray<6, UInt8> = [0x62, 0x65, 0x61, 0x72, 0x65, 0x72]

  /// None lets everybody in.
  public init(_ tokens: [Secret]) {
    digests = tokens.map { SHA256.hash(Array($0.reveal().utf8).span) }
  }

  /// Whether callers need no token.
  public var allowsAnonymous: Bool { digests.isEmpty }

  /// The index of the token that was presented, or nil when it is none of them.
  ///
  /// Takes as long for a wrong token as for the right one, wherever it stands: digests are compared whole, and
  /// all of them are compared. Nil at once for a credential that is empty or longer than 4096 bytes.
  public func index(of presented: Span<UInt8>) -> Int? {
    guard !presented.isEmpty, presented.count <= Self.presentedMax else { return nil }
    let digest = SHA256.hash(presented)
    var found = -1
    for index in digests.indices {
      // All ones when the digests agree: a choice without a branch.
      let mask = digests[index] == digest ? -1 : 0
      found = (found & ~mask) | (index & mask)
    }
    return found < 0 ? nil : found
  }

  /// The credential in the value of an `Authorization` field, as in `Bearer abc` (RFC 6750, section 2.1).
  ///
  /// The scheme may be in any case and be followed by several spaces; white space around the value is ignored.
  /// Nil when the scheme is another, or when the credential is missing, not visible ASCII or in two words.
  public static func bearer(in value: Span<UInt8>) -> Slice? {
    var start = 0
    var end = value.count
    while start < end, isBlank(value[start]) { start += 1 }
    while end > start, isBlank(value[end - 1]) { end -= 1 }
    guard end - start > scheme.count else { return nil }
    for index in scheme.indices {
      guard value[start] | 0x20 == scheme[index] else { return nil }
      start += 1
    }
    guard value[start] == UInt8(ascii: " ") else { return nil }
    while start < end, value[start] == UInt8(ascii: " ") { start += 1 }
    for index in start..<end where !Secret.isVisible(value[index]) { return nil }
    return start < end ? Slice(start..<end) : nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
