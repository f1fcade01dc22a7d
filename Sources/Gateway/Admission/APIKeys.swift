internal import Digest
internal import HTTPText

/// The API keys that admit callers, stored as digests only.
public struct APIKeys: Sendable {
  /// Bytes of the longest credential that is compared.
  public static let presentedMax = Secret.bytesMax

  private let digests: [Digest256]
  /// The identity of each key's caller.
  private let callers: [CallerID]

  /// `bearer`.
  private static let scheme: InlineArray<6, UInt8> = [0x62, 0x65, 0x61, 0x72, 0x65, 0x72]

  /// The keys in `tokens`; an empty list allows anonymous callers.
  public init(_ tokens: [Secret]) {
    digests = tokens.map { SHA256.hash(Array($0.reveal().utf8).span) }
    callers = digests.map { digest in
      CallerID(bits: (0..<8).reduce(0) { $0 << 8 | UInt64(digest.bytes[$1]) })
    }
  }

  /// Whether callers need no key.
  public var allowsAnonymous: Bool { digests.isEmpty }

  /// Returns the caller whose key was presented, or nil if the credential is not a configured key.
  func caller(presenting credential: Span<UInt8>) -> Caller? {
    index(of: credential).map { .key($0, callers[$0]) }
  }

  /// Returns the index of the presented key, or nil if it is not configured.
  ///
  /// Compares whole digests with every key, so that the time does not depend on which key matches or whether one does.
  /// Only an empty credential, or one of more than 4096 bytes, returns early.
  public func index(of presented: Span<UInt8>) -> Int? {
    guard !presented.isEmpty, presented.count <= Self.presentedMax else { return nil }
    let digest = SHA256.hash(presented)
    var found = -1
    for index in digests.indices {
      // All ones when the digests are equal: a selection without a branch.
      let mask = digests[index] == digest ? -1 : 0
      found = (found & ~mask) | (index & mask)
    }
    return found < 0 ? nil : found
  }

  /// Returns the credential in the value of an `Authorization` field, as in `Bearer abc` (RFC 6750, section 2.1).
  ///
  /// The scheme is matched in any letter case and may be followed by several spaces. White space around the value is
  /// ignored. Returns nil for another scheme, and for a credential that is missing, has a space, or is not visible ASCII.
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
