import Testing

@testable import Gateway

@Suite struct SecretTests {
  @Test func `no description or dump shows a secret`() throws {
    let secret = try #require(Secret("sk-hidden"))
    var dumped = ""
    dump(secret, to: &dumped)
    let configuration = try read(
      "auth.tokens = [\"sk-hidden\"]\n[[providers]]\ntype = \"OpenAi\"\napi_key = \"$K\"", ["K": "sk-hidden"])
    dump(configuration, to: &dumped)
    for shown in [
      "\(secret)", String(reflecting: secret), "\(configuration)", String(reflecting: configuration), dumped,
    ] {
      #expect(shown.contains("***"))
      #expect(!shown.contains("hidden"))
    }
    #expect(secret.reveal() == "sk-hidden")
  }

  @Test(arguments: ["", "a b", "a\n", "\u{7f}", "é", String(repeating: "a", count: 4097)])
  func `a text that is not allowed in a header field is not a secret`(text: String) { #expect(Secret(text) == nil) }

  @Test func `a secret may have the maximum length`() {
    #expect(Secret(String(repeating: "a", count: 4096)) != nil)
  }

  @Test(arguments: [("$A", "1"), ("${A}", "1"), ("$_b9", "2"), ("A", "A"), ("a$A", "a$A")])
  func `a value that names a variable is the value of the variable`(text: String, value: String) throws {
    #expect(try Secret.expanding(text, in: ["A": "1", "_b9": "2"]).reveal() == value)
  }

  @Test(
    arguments: [
      ("", .empty), ("$B", .unset("B")), ("${B}", .unset("B")), ("$E", .emptyVariable("E")), ("$", .noName),
      ("${}", .noName), ("$9", .noName), ("$A-B", .noName), ("$A}", .noName), ("$$A", .noName),
      ("a b", .unprintable("it")),
      ("$W", .unprintable("the variable W")),
    ] as [(String, SecretError)])
  func `a text that is not a secret has its reason`(text: String, error: SecretError) {
    #expect(throws: error) { try Secret.expanding(text, in: ["A": "1", "E": "", "W": "a\n"]) }
  }
}
