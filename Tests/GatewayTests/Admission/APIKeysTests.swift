import Testing

@testable import Gateway

@Suite struct APIKeysTests {
  static let keys = APIKeys(["alpha-token", "beta-token", "x"].compactMap { Secret($0) })

  static func admits(_ text: String, _ keys: APIKeys = keys, at now: Int64 = 0) -> String? {
    keys.caller(presenting: Array(text.utf8).span, at: now)?.name
  }

  static func bearer(_ value: String) -> String? {
    let bytes = Array(value.utf8)
    return APIKeys.bearer(in: bytes.span).map { String(decoding: bytes[$0.range], as: UTF8.self) }
  }

  @Test(arguments: [("alpha-token", "key-1"), ("beta-token", "key-2"), ("x", "key-3")])
  func `a configured key is found with its name`(text: String, name: String) { #expect(Self.admits(text) == name) }

  @Test func `a key with a name keeps its identity when it is replaced, and the one before it is accepted`() throws
  {
    func caller(_ secrets: [String], _ text: String) -> Caller? {
      let key = Configuration.Key(name: "ci", secrets: secrets.compactMap { Secret($0) }, rights: [.call])
      return APIKeys([], [key]).caller(presenting: Array(text.utf8).span, at: 0)
    }
    let old = try #require(caller(["old-key"], "old-key"))
    for secret in ["new-key", "old-key"] {
      let caller = try #require(caller(["new-key", "old-key"], secret))
      #expect(caller == old)
      #expect(caller.name == "ci")
      #expect(caller.rights == .call)
    }
    #expect(caller(["new-key"], "old-key") == nil)
  }

  @Test func `a key is accepted until it expires`() {
    let key = Configuration.Key(name: "ci", secrets: [Secret("k")].compactMap(\.self), expiry: 1000)
    let keys = APIKeys([], [key])
    #expect(Self.admits("k", keys, at: 999) == "ci")
    #expect(Self.admits("k", keys, at: 1000) == nil)
    #expect(!keys.allowsAnonymous)
  }

  @Test(arguments: [
    "alpha-tokeN", "alpha-toke", "alpha-token ", "lpha-token", "alpha-tokenbeta-token", "y", "", "***",
  ])
  func `a credential that resembles a key is rejected`(text: String) { #expect(Self.admits(text) == nil) }

  @Test func `a credential is compared up to its maximum length`() throws {
    let long = String(repeating: "k", count: APIKeys.presentedMax)
    let keys = APIKeys([try #require(Secret(long))])
    #expect(Self.admits(long, keys) == "key-1")
    #expect(Self.admits(long + "k", keys) == nil)
    #expect(Self.admits(String(repeating: "x", count: 1 << 20), keys) == nil)
  }

  @Test func `without keys, anonymous callers are allowed and no credential matches`() {
    #expect(APIKeys([]).allowsAnonymous)
    #expect(!Self.keys.allowsAnonymous)
    #expect(Self.admits("x", APIKeys([])) == nil)
  }

  @Test func `the stored keys do not contain a token`() {
    var dumped = ""
    dump(Self.keys, to: &dumped)
    #expect(!dumped.contains("alpha"))
  }

  @Test(arguments: [
    ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER   abc  ", "abc"),
    (" \tBearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="),
    ("Bearer sk:odd!", "sk:odd!"), ("bEaReR x", "x"),
  ])
  func `a bearer credential is read from its field`(value: String, expected: String) {
    #expect(Self.bearer(value) == expected)
  }

  @Test(arguments: [
    "", " ", "Bearer", "Bearer ", "Bearer   ", "Bearerabc", "Basic abc", "Bearer a b", "Bearer\tabc", "Bearer é",
    "abc",
    "Bearer a\0", "Beare", "\u{2}earer abc", "Bearer a, Bearer b",
  ])
  func `a malformed bearer credential is rejected`(value: String) { #expect(Self.bearer(value) == nil) }
}
