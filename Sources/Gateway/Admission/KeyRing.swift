internal import Digest

/// The keys of a key file, compiled for lookups. It does not change: a changed file makes another one.
///
/// A class, because the settings share it and it is large. Each of 100,000 keys takes less than 300 bytes.
public final class KeyRing: Sendable, CustomReflectable {
  /// The hash of a key that is accepted.
  private struct Entry: Sendable {
    let hash: Digest256
    /// When it is accepted no longer, in seconds since 1970.
    let until: Int64
    let key: UInt32
  }

  private let hashKey: [UInt8]
  private let keys: [APIKey]
  private let entries: [Entry]
  private let byHash: FlatIndex
  private let byID: FlatIndex
  private let byName: FlatIndex

  /// Compiles the keys of a file. Takes about 100 ms for 100,000 keys, so call it on a thread of its own.
  public init(_ file: KeyFile) {
    hashKey = file.hashKey
    var shared = SharedTerms()
    let records = file.records
    keys = records.map { shared.key($0) }
    var entries: [Entry] = []
    entries.reserveCapacity(records.count + records.reduce(0) { $0 + $1.previous.count })
    for (index, record) in records.enumerated() {
      let key = UInt32(truncatingIfNeeded: index)
      entries.append(Entry(hash: record.hash, until: .max, key: key))
      for previous in record.previous {
        entries.append(Entry(hash: previous.hash, until: previous.until, key: key))
      }
    }
    self.entries = entries
    byHash = FlatIndex(entries.map(\.hash.first64))
    byID = FlatIndex(records.map(\.id.bits))
    byName = FlatIndex(records.map { Self.hash(ofName: $0.name) })
  }

  public var customMirror: Mirror { Mirror(self, children: []) }

  /// The number of keys.
  public var count: Int { keys.count }

  /// Returns the keyed hash under which a presented key is looked up.
  func hash(_ credential: Span<UInt8>) -> Digest256 { KeyFile.hash(credential, with: hashKey) }

  /// Returns the key with a hash; `nil` if there is none, or if its time is over.
  ///
  /// Hashes are compared in constant time. The position in the table depends on the hash alone, which says nothing of a
  /// key that is nearly right.
  ///
  /// - Parameter now: Seconds since 1970.
  func find(_ hash: Digest256, at now: Int64) -> APIKey? {
    guard let index = byHash.find(hash.first64, where: { entries[$0].hash == hash }) else { return nil }
    guard now < entries[index].until else { return nil }
    let key = keys[Int(entries[index].key)]
    if let expiry = key.expiry, now >= expiry { return nil }
    return key
  }

  /// Whether a caller has a key here.
  func holds(_ id: CallerID) -> Bool { byID.find(id.bits) { keys[$0].id == id } != nil }

  /// Returns the first key of the configuration whose name a key here has, or `nil` if each name is used once.
  public func conflict(with configuration: Configuration) -> String? {
    configuration.auth.keys.map(\.name).first { name in
      byName.find(Self.hash(ofName: name)) { keys[$0].name == name } != nil
    }
  }

  private static func hash(ofName name: String) -> UInt64 { UInt64(bitPattern: Int64(name.hashValue)) }

  /// Makes keys that share the texts of what they may do.
  private struct SharedTerms {
    private var teams: [String: String] = [:]
    private var models: [[String]: [ModelPattern]] = [:]
    private var providers: [[String]: [String]] = [:]

    mutating func key(_ record: KeyRecord) -> APIKey {
      let terms = record.terms
      return APIKey(
        record.id, name: record.name, team: terms.team.map { Self.shared($0, $0, in: &teams) },
        models: Self.shared(terms.models, terms.models.map { ModelPattern($0) }, in: &models),
        providers: Self.shared(terms.providers, terms.providers, in: &providers),
        rights: APIKey.Rights(terms.rights), expiry: terms.expiry)
    }

    private static func shared<Key: Hashable, Value>(
      _ key: Key, _ value: @autoclosure () -> Value, in table: inout [Key: Value]
    ) -> Value {
      if let value = table[key] { return value }
      let value = value()
      table[key] = value
      return value
    }
  }
}

/// Finds the numbers of elements by hashes, in four bytes per place (open addressing).
struct FlatIndex: Sendable {
  /// The number of an element, plus one; 0 for a free place. At most half of the places are taken.
  private var places: [UInt32]
  private let mask: Int

  /// An index of elements with these hashes, which must be evenly distributed.
  init(_ hashes: [UInt64]) {
    var count = 2
    while count < 2 * hashes.count { count *= 2 }
    places = [UInt32](repeating: 0, count: count)
    mask = count - 1
    for (number, hash) in hashes.enumerated() {
      var place = Int(truncatingIfNeeded: hash) & mask
      while places[place] != 0 { place = (place + 1) & mask }
      places[place] = UInt32(truncatingIfNeeded: number + 1)
    }
  }

  /// Returns the number of the element with a hash that `matches`.
  func find(_ hash: UInt64, where matches: (Int) -> Bool) -> Int? {
    var place = Int(truncatingIfNeeded: hash) & mask
    while places[place] != 0 {
      let number = Int(places[place]) - 1
      if matches(number) { return number }
      place = (place + 1) & mask
    }
    return nil
  }
}
