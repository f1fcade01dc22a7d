import Testing

@testable import Gateway

/// The keys of a key file beside those of the configuration.
@Suite struct KeyRingTests {
  private static func caller(_ text: String, _ keys: APIKeys, at now: Int64 = 0) -> Caller? {
    keys.caller(presenting: Array(text.utf8).span, at: now)
  }

  @Test func `keys of the configuration are accepted beside a key file, as the same callers as without it`() throws
  {
    var file = KeyFile()
    let (record, secret) = try file.create("filed", KeyRecord.Terms(rights: [.admin]), at: 0)
    let tokens = ["token"].compactMap { Secret($0) }
    let named = [Configuration.Key(name: "ci", secrets: ["sk-ci"].compactMap { Secret($0) })]
    let keys = APIKeys(tokens, named, ring: KeyRing(file))
    let alone = APIKeys(tokens, named)
    for text in ["token", "sk-ci"] {
      let caller = try #require(Self.caller(text, keys))
      #expect(caller == Self.caller(text, alone) && caller.name == Self.caller(text, alone)?.name)
      #expect(caller.id.map(keys.holds) == true)
    }
    #expect(Self.caller(secret.reveal(), keys)?.id == record.id && keys.holds(record.id))
    #expect(Self.caller(secret.reveal(), keys)?.rights == .all)
    #expect(!alone.holds(record.id) && Self.caller(secret.reveal(), alone) == nil)
    for text in ["", "x", String(secret.reveal().dropLast()), secret.reveal() + "0"] {
      #expect(Self.caller(text, keys) == nil)
    }
  }

  @Test func `a key file without keys admits no caller, not even one without a key`() {
    #expect(!APIKeys([], ring: KeyRing(KeyFile())).allowsAnonymous)
    #expect(!APIKeys([], areNeeded: true).allowsAnonymous)
  }

  @Test func `a key expires`() throws {
    var file = KeyFile()
    let (_, secret) = try file.create("a", KeyRecord.Terms(expiry: 100), at: 0)
    let keys = APIKeys([], ring: KeyRing(file))
    #expect(Self.caller(secret.reveal(), keys, at: 99) != nil)
    #expect(Self.caller(secret.reveal(), keys, at: 100) == nil)
  }

  @Test(arguments: [0, 1, 2, 3, 1000])
  func `every one of many keys is found, and no other`(count: Int) throws {
    var file = KeyFile()
    let secrets = try (0..<count).map { try file.create("k\($0)", KeyRecord.Terms(), at: 0).1 }
    let keys = APIKeys([], ring: KeyRing(file))
    for (index, secret) in secrets.enumerated() { #expect(Self.caller(secret.reveal(), keys)?.name == "k\(index)") }
    #expect(Self.caller("sk-hoosh-", keys) == nil)
    #expect(!keys.holds(CallerID(bits: 1)))
  }

  @Test func `keys in one place of the index are told apart`() {
    let index = FlatIndex([7, 7, 7 + 8, 7 + 16])
    for number in 0..<4 { #expect(index.find(7) { $0 == number } == number) }
    #expect(index.find(7) { _ in false } == nil)
    #expect(index.find(0) { _ in false } == nil)
  }
}
