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
  func `a token is found where it stands`(text: String, index: Int) { #expect(Self.admits(text) == index) }

  @Test(arguments: [
    "alpha-tokeN", "alpha-toke", "alpha-token ", "lpha-token", "alpha-tokenbeta-token", "y", "", "***",
  ])
  func `what is near a token is none`(text: String) { #expect(Self.admits(text) == nil) }

  @Test func `a credential is looked at up to its bound`() throws {
    let long = String(repeating: "k", count: APIKeys.presentedMax)
    let keys = APIKeys([try #require(Secret(long))])
    #expect(Self.admits(long, keys) == 0)
    #expect(Self.admits(long + "k", keys) == nil)
    #expect(Self.admits(String(repeating: "x", count: 1 << 20), keys) == nil)
  }

  @Test func `no tokens let everybody in, and admit nobody by name`() {
    #expect(APIKeys([]).allowsAnonymous)
    #expect(!Self.keys.allowsAnonymous)
    #expect(Self.admits("x", APIKeys([])) == nil)
  }

  @Test func `keys hold no token`() {
    var dumped = ""
    dump(Self.keys, to: &dumped)
    #expect(!dumped.contains("alpha"))
  }

  @Test(arguments: [
    ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER   abc  ", "abc"),
    (" \tBearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="),
    ("Bearer sk:odd!", "sk:odd!"), ("bEaReR x", "x"),
  ])
  func `a bearer is taken out of its field`(value: String, expected: String) {
    #expect(Self.bearer(value) == expected)
  }

  @Test(arguments: [
    "", " ", "Bearer", "Bearer ", "Bearer   ", "Bearerabc", "Basic abc", "Bearer a b", "Bearer\tabc", "Bearer é",
    "abc",
    "Bearer a\0", "Beare", "\u{2}earer abc", "Bearer a, Bearer b",
  ])
  func `what is no bearer is none`(value: String) { #expect(Self.bearer(value) == nil) }
}
