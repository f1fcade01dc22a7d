import Testing

@testable import Gateway

@Suite struct APIKeysTests {
  static let keys = APIKeys(["alpha-token", "beta-token", "x"].compactMap { Secret($0) })

  static func admits(_ text: String, _ keys: APIKeys = keys) -> Int? { keys.index(of: Array(text.utf8).span) }

  static func bearer(_ value: String) -> String? {
    let bytes = Array(value.utf8)
    return APIKeys.bearer(in: bytes.span).map { String(decoding: bytes[$0.range], as: UTF8.self) }
  }

  @Test(arguments: [("alpha-token", 0), ("beta-token", 1), ("x", 2)])
  func `a configured key is found with its index`(text: String, index: Int) { #expect(Self.admits(text) == index) }

  @Test(arguments: [
    "alpha-tokeN", "alpha-toke", "alpha-token ", "lpha-token", "alpha-tokenbeta-token", "y", "", "***",
  ])
  func `a credential that resembles a key is rejected`(text: String) { #expect(Self.admits(text) == nil) }

  @Test func `a credential is compared up to its maximum length`() throws {
    let long = String(repeating: "k", count: APIKeys.presentedMax)
    let keys = APIKeys([try #require(Secret(long))])
    #expect(Self.admits(long, keys) == 0)
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
