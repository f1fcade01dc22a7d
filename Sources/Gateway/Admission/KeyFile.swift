internal import Digest

/// The keys of a key file, and the changes that can be made to them.
///
/// A key is 256 random bits, shown once and stored as its HMAC-SHA256 with a secret of the file. A value has passed every
/// check; only `KeyFile+Text.swift` makes one from bytes.
public struct KeyFile: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The most keys of a file.
  public static let keysMax = 131_072
  /// The longest time for which a replaced key is accepted, and the usual one, in seconds.
  public static let graceMax: Int64 = 366 * 86_400
  public static let graceDefault: Int64 = 86_400
  /// Bytes of the secret with which keys are hashed, and of a key.
  static let secretBytes = 32
  /// The beginning of every key, by which scanners for secrets know it.
  static let prefix = "sk-hoosh-"

  /// The secret with which the keys are hashed.
  let hashKey: [UInt8]
  public internal(set) var records: [KeyRecord]

  /// A file without keys, with a secret of its own.
  public init() { self.init(hashKey: Random.bytes(Self.secretBytes), records: []) }

  init(hashKey: [UInt8], records: [KeyRecord]) {
    self.hashKey = hashKey
    self.records = records
  }

  public var description: String { "\(records.count) keys" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// Returns the index of the key with an ID or a name.
  private func index(of key: String) throws(KeyError) -> Int {
    if let id = KeyRecord.id(key) {
      if let index = records.firstIndex(where: { $0.id == id }) { return index }
    } else if let index = records.firstIndex(where: { $0.name == key }) {
      return index
    }
    throw KeyError(.notFound, "there is no key `\(key.prefix(KeyRecord.nameBytesMax))` in the key file")
  }

  /// Returns the key with an ID or a name.
  public func find(_ key: String) throws(KeyError) -> KeyRecord { records[try index(of: key)] }

  /// Adds a key. Returns it, and the key itself, which nothing stores.
  ///
  /// - Parameters:
  ///   - now: Seconds since 1970.
  ///   - reserved: Names of keys elsewhere.
  public mutating func create(
    _ name: String, _ terms: KeyRecord.Terms, at now: Int64, reserved: Set<String> = []
  ) throws(KeyError) -> (KeyRecord, Secret) {
    try create([name], terms, at: now, reserved: reserved)[0]
  }

  /// Adds keys with the same terms, or none of them. Takes the same time for many as for one.
  public mutating func create(
    _ names: [String], _ terms: KeyRecord.Terms, at now: Int64, reserved: Set<String> = []
  ) throws(KeyError) -> [(KeyRecord, Secret)] {
    if let reason = KeyRecord.objection(to: terms) { throw KeyError(.invalid, reason) }
    if let expiry = terms.expiry, expiry <= now { throw KeyError(.invalid, "the expiry is over already") }
    guard records.count + names.count <= Self.keysMax else {
      throw KeyError(.conflict, "the key file can have \(Self.keysMax) keys at most")
    }
    var taken = Set(records.map(\.name))
    var ids = Set(records.map(\.id))
    var made: [(KeyRecord, Secret)] = []
    for name in names {
      if let reason = KeyRecord.objection(toName: name, of: "name") { throw KeyError(.invalid, reason) }
      if reserved.contains(name) {
        throw KeyError(.conflict, "`\(name)` is the name of a key of the configuration")
      }
      guard taken.insert(name).inserted else {
        throw KeyError(.conflict, "there is a key `\(name)` already; rotate it, or revoke it first")
      }
      var id = Self.randomID()
      while !ids.insert(id).inserted { id = Self.randomID() }
      let (secret, hash) = makeSecret()
      made.append((KeyRecord(id: id, name: name, terms: terms, created: now, hash: hash), secret))
    }
    removeExpiredHashes(at: now)
    records += made.map(\.0)
    return made
  }

  /// Replaces the key itself. The one before it is accepted for `grace` seconds; with 0, no earlier one is accepted.
  public mutating func rotate(
    _ key: String, grace: Int64, at now: Int64
  ) throws(KeyError) -> (KeyRecord, Secret) {
    let index = try index(of: key)
    guard (0...Self.graceMax).contains(grace) else {
      throw KeyError(.invalid, "the grace must be 0 to \(Self.graceMax) seconds")
    }
    removeExpiredHashes(at: now)
    let (secret, hash) = makeSecret()
    if grace == 0 {
      records[index].previous = []
    } else {
      guard records[index].previous.count < KeyRecord.previousMax else {
        throw KeyError(
          .conflict,
          "\(KeyRecord.previousMax) earlier keys of `\(records[index].name)` are still accepted; rotate with a grace of 0 "
            + "to end them")
      }
      let (until, isTooLate) = now.addingReportingOverflow(grace)
      records[index].previous.append(
        KeyRecord.Previous(hash: records[index].hash, until: isTooLate ? .max : until))
    }
    records[index].hash = hash
    records[index].rotated = now
    return (records[index], secret)
  }

  /// Removes a key, so that neither it nor an earlier one is accepted. Returns it.
  public mutating func revoke(_ key: String) throws(KeyError) -> KeyRecord {
    records.remove(at: try index(of: key))
  }

  /// Forgets the earlier keys whose time is over.
  private mutating func removeExpiredHashes(at now: Int64) {
    for index in records.indices where records[index].previous.contains(where: { $0.until <= now }) {
      records[index].previous.removeAll { $0.until <= now }
    }
  }

  /// Returns a new key and its hash.
  private func makeSecret() -> (Secret, Digest256) {
    let random = Random.bytes(Self.secretBytes)
    let text = Self.prefix + random.map(Self.hexadecimal).joined()
    guard let secret = Secret(text) else { preconditionFailure("a key has visible characters only") }
    return (secret, Self.hash(secret.reveal().utf8.span, with: hashKey))
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    byte < 0x10 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
  }

  private static func randomID() -> CallerID { CallerID(bits: Random.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }) }

  static func hash(_ key: Span<UInt8>, with hashKey: [UInt8]) -> Digest256 {
    SHA256.authenticate(key, key: hashKey.span)
  }
}
