internal import Digest
internal import HTTPText

/// The API keys that admit callers, stored as digests only: those of the configuration and those of the key file.
public struct APIKeys: Sendable {
  /// Bytes of the longest credential that is compared.
  public static let presentedMax = Secret.bytesMax

  private struct Entry: Sendable {
    let digest: Digest256
    let key: APIKey
  }

  /// The keys by the first 64 bits of their digests, of which those of two keys may be the same.
  private var entries: [UInt64: [Entry]] = [:]
  private var ids: Set<CallerID> = []
  /// The keys of the key file; `nil` if there is none. Its hash is then that of all keys, so that each is hashed once.
  let ring: KeyRing?
  /// Whether callers need no key.
  public let allowsAnonymous: Bool

  /// `bearer`.
  private static let scheme: InlineArray<6, UInt8> = [0x62, 0x65, 0x61, 0x72, 0x65, 0x72]

  /// The keys in `tokens`, which may do everything, keys with names, and those of a key file; none at all allows anonymous
  /// callers, unless keys are needed.
  public init(
    _ tokens: [Secret], _ named: [Configuration.Key] = [], ring: KeyRing? = nil, areNeeded: Bool = false
  ) {
    self.ring = ring
    allowsAnonymous = tokens.isEmpty && named.isEmpty && ring == nil && !areNeeded
    for (index, token) in tokens.enumerated() {
      let id = CallerID(bits: SHA256.hash(Array(token.reveal().utf8).span).first64)
      add(token, APIKey(id, name: "key-\(index + 1)"))
    }
    for settings in named {
      // The name is the identity, so that it stays when the key is replaced.
      let id = CallerID(bits: SHA256.hash(Array("key:\(settings.name)".utf8).span).first64)
      let key = APIKey(
        id, name: settings.name, team: settings.team, models: settings.models.map { ModelPattern($0) },
        providers: settings.providers, rights: APIKey.Rights(settings.rights), expiry: settings.expiry)
      for secret in settings.secrets { add(secret, key) }
    }
  }

  /// Returns the digest under which a key is looked up.
  private func digest(_ key: Span<UInt8>) -> Digest256 { ring?.hash(key) ?? SHA256.hash(key) }

  private mutating func add(_ secret: Secret, _ key: APIKey) {
    let digest = digest(Array(secret.reveal().utf8).span)
    entries[digest.first64, default: []].append(Entry(digest: digest, key: key))
    ids.insert(key.id)
  }

  /// Whether a caller still has a key, whichever.
  func holds(_ id: CallerID) -> Bool { ids.contains(id) || ring?.holds(id) ?? false }

  /// Whether a presented key is that of a caller.
  ///
  /// - Parameter now: Seconds since 1970.
  public func admits(_ credential: Span<UInt8>, at now: Int64) -> Bool {
    caller(presenting: credential, at: now) != nil
  }

  /// Returns the caller whose key was presented, or nil if the credential is not a configured key, or has expired.
  ///
  /// The key is looked up by its digest, which reveals nothing of a key that is nearly right, and compared as a whole in
  /// constant time. Only an empty credential, or one of more than 4096 bytes, returns early.
  ///
  /// - Parameter now: Seconds since 1970.
  func caller(presenting credential: Span<UInt8>, at now: Int64) -> Caller? {
    guard !credential.isEmpty, credential.count <= Self.presentedMax else { return nil }
    let digest = digest(credential)
    guard let key = entries[digest.first64]?.first(where: { $0.digest == digest })?.key else {
      return ring?.find(digest, at: now).map { Caller($0) }
    }
    if let expiry = key.expiry, now >= expiry { return nil }
    return Caller(key)
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

extension Digest256 {
  /// The first 64 bits.
  var first64: UInt64 { (0..<8).reduce(0) { $0 << 8 | UInt64(bytes[$1]) } }
}

extension APIKey.Rights {
  init(_ rights: [Configuration.Key.Right]) {
    self = []
    for right in rights {
      switch right {
      case .call: insert(.call)
      case .spend: insert(.spend)
      case .admin: formUnion(.all)
      }
    }
  }
}
