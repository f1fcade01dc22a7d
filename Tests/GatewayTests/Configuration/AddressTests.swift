import Testing

@testable import Gateway

@Suite struct AddressTests {
  @Test(arguments: [
    ("127.0.0.1", true), ("127.255.0.9", true), ("0.0.0.0", false), ("10.1.2.3", false), ("255.255.255.255", false),
    ("::1", true), ("0:0:0:0:0:0:0:1", true), ("::", false), ("::ffff:127.0.0.1", true), ("::ffff:7f00:1", true),
    ("fe80::1", false), ("2001:DB8::8:800:200C:417A", false), ("1::", false), ("::ffff:10.0.0.1", false),
  ])
  func `an address is loopback or not`(text: String, isLoopback: Bool) throws {
    #expect(try #require(Address(text)).isLoopback == isLoopback)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "+1.2.3.4", "1.2.3.", "a.b.c.d", ":", ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::1%lo", "[::1]", "1.2.3.4::", "::1.2.3", "1:2:3:4:5:6:7::8",
    "localhost",
    "::+1", "-1::",
  ])
  func `a text that is not an address is rejected`(text: String) { #expect(Address(text) == nil) }

  @Test(arguments: [
    ("http://localhost:11434", "http://localhost:11434/v1", "http://localhost:11434"),
    ("http://localhost:11434/", "http://localhost:11434/v1", "http://localhost:11434"),
    ("https://api.openai.com/v1", "https://api.openai.com/v1", "https://api.openai.com"),
    ("https://api.openai.com/v1///", "https://api.openai.com/v1", "https://api.openai.com"),
    ("HTTPS://api.groq.com/openai", "https://api.groq.com/openai/v1", "https://api.groq.com/openai"),
    ("http://[::1]:8080/a%20b", "http://[::1]:8080/a%20b", "http://[::1]:8080/a%20b"),
    ("http://x/av1", "http://x/av1", "http://x/av1"), ("http://x/api/v3", "http://x/api/v3", "http://x/api/v3"),
    ("http://x/v1/openai", "http://x/v1/openai", "http://x/v1/openai"),
    ("http://x/inference/", "http://x/inference", "http://x/inference"),
    ("https://openrouter.ai/api", "https://openrouter.ai/api/v1", "https://openrouter.ai/api"),
    ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1", "https://openrouter.ai/api"),
    ("http://x:65535", "http://x:65535/v1", "http://x:65535"),
  ])
  func `the API root is the path of the address, or one version without a path`(
    text: String, apiRoot: String, root: String
  ) throws {
    let url = try BaseURL(text)
    #expect(url.apiRoot == apiRoot && url.root == root)
  }

  @Test(arguments: [
    ("https://api.anthropic.com", "https://api.anthropic.com/v1"), ("http://x/anthropic", "http://x/anthropic/v1"),
    ("http://x/v1", "http://x/v1"), ("http://x/api/v2", "http://x/api/v2"), ("http://v1", "http://v1/v1"),
    ("http://x/vertex", "http://x/vertex/v1"),
  ])
  func `the paths of Anthropic's API follow a version`(text: String, root: String) throws {
    #expect(try BaseURL(text).messagesRoot == root)
  }

  @Test(arguments: [
    ("http://x", "http://x/v1beta"), ("http://x/v1", "http://x/v1"), ("http://x/v1alpha", "http://x/v1alpha"),
    ("http://x/google", "http://x/google/v1beta"), ("http://v2", "http://v2/v1beta"),
  ])
  func `the paths of Gemini's API follow a version`(text: String, root: String) throws {
    #expect(try BaseURL(text).geminiRoot == root)
  }

  @Test(
    arguments: [
      ("", .scheme), ("localhost:8080", .scheme), ("ftp://x", .scheme), ("file:///x", .scheme),
      ("http://", .noHost),
      ("http:///v1", .noHost), ("http://:80", .noHost), ("http://u:p@x", .user), ("http://x@y/", .user),
      ("http://x?y", .query), ("http://x/#y", .query), ("http://x:0", .port), ("http://x:65536", .port),
      ("http://x:", .port), ("http://x:+1", .port), ("http://[::1", .host), ("http://[1.2.3.4]", .host),
      ("http://[::1]x", .host), ("http://[]", .host), ("http://a*b", .host), ("http://x/a//b", .path),
      ("http://x/../y", .path), ("http://x/%2", .path), ("http://x/%zz", .path), ("http://x y", .character),
      ("http://x\r\nHost: y", .character), ("http://x\\y", .character), ("http://é", .character),
      ("http://x/v1/chat/completions", .endpoint), ("http://" + String(repeating: "x", count: 2048), .tooLong),
    ] as [(String, BaseURLError)])
  func `a text that is not a base URL has its reason`(text: String, error: BaseURLError) {
    #expect(throws: error) { try BaseURL(text) }
  }

  @Test func `the demo's URL is in this process`() {
    #expect(BaseURL.demo.isInProcess && BaseURL.demo.apiRoot == "demo:")
    #expect(throws: BaseURLError.scheme) { try BaseURL("demo:") }
  }
}
