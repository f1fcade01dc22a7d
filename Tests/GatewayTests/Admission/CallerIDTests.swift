import Testing

@testable import Gateway

@Suite struct CallerIDTests {
  private static func keys(_ tokens: [String]) -> APIKeys { APIKeys(tokens.compactMap { Secret($0) }) }

  private static func caller(_ token: String, of keys: APIKeys) -> Caller? {
    keys.caller(presenting: Array(token.utf8).span, at: 0)
  }

  @Test func `a reload that reorders the keys keeps each caller's ID`() throws {
    let names = ["alpha", "beta", "gamma"]
    let before = Self.keys(names)
    let after = Self.keys(["new", "gamma", "alpha", "beta"])
    for name in names {
      let id = try #require(Self.caller(name, of: before)?.id)
      #expect(Self.caller(name, of: after)?.id == id)
    }
    #expect(Self.caller("alpha", of: before)?.name == "key-1")
    #expect(Self.caller("alpha", of: after)?.name == "key-3")
  }

  @Test func `an ID is the beginning of the key's SHA-256, so that it survives a restart`() {
    // SHA-256("abc") begins with ba7816bf8f01cfea (FIPS 180-4).
    #expect(Self.caller("abc", of: Self.keys(["abc"]))?.id == CallerID(bits: 0xba78_16bf_8f01_cfea))
  }

  @Test func `callers with different keys have different IDs, and an unknown key has no caller`() {
    let keys = Self.keys(["a", "b"])
    #expect(Self.caller("a", of: keys)?.id != Self.caller("b", of: keys)?.id)
    #expect(Self.caller("c", of: keys) == nil)
  }

  @Test func `an anonymous caller has no ID`() {
    #expect(Caller.anonymous.id == nil)
    #expect(Caller.anonymous.name == "anyone")
  }

  @Test func `a caller's queue key follows from its ID, wherever it connects from`() {
    let keys = Self.keys(["a", "b"])
    let (a, b) = (Self.caller("a", of: keys), Self.caller("b", of: keys))
    #expect(a?.queueKey(address: [10, 0, 0, 1]) == a?.queueKey(address: nil))
    #expect(a?.queueKey(address: nil) != b?.queueKey(address: nil))
  }

  @Test func `an anonymous caller's queue key follows from its address, in every process`() {
    func key(_ address: [UInt8]?) -> Int { Caller.anonymous.queueKey(address: address) }
    // Fixed numbers: a key that changed from process to process would differ from them.
    #expect(key(nil) == -8_831_310_031_781_878_669)
    #expect(key([127, 0, 0, 1]) == 97_502_623_835_537_105)
    var keys: Set<Int> = [key(nil), key([UInt8](repeating: 0, count: 16))]
    for last in 0...255 as ClosedRange<UInt8> { keys.insert(key([10, 0, 0, last])) }
    #expect(keys.count == 258)
  }
}
