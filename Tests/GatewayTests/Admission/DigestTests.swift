import Digest
import Testing

@Suite struct DigestTests {
  static func hash(_ message: String) -> String { SHA256.hash(Array(message.utf8).span).description }

  static func code(_ message: String, key: [UInt8]) -> String {
    SHA256.authenticate(Array(message.utf8).span, key: key.span).description
  }

  static func same(_ left: [UInt8], _ right: [UInt8]) -> Bool { constantTimeEquals(left.span, right.span) }

  // FIPS 180-4 examples, and the empty message.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `a message has its SHA-256 digest`(message: String, digest: String) {
    #expect(Self.hash(message) == digest)
  }

  // RFC 4231, cases 1, 2, and 6, and an empty key and message.
  @Test(arguments: [
    (
      [UInt8](repeating: 0x0b, count: 20), "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
    ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
  ])
  func `a message and a key have their HMAC`(key: [UInt8], message: String, code: String) {
    #expect(Self.code(message, key: key) == code)
  }

  @Test func `byte sequences are equal only if all bytes are equal`() {
    let bytes = Array("secret".utf8)
    #expect(Self.same(bytes, bytes))
    for index in bytes.indices {
      var other = bytes
      other[index] ^= 0x80
      #expect(!Self.same(bytes, other))
      #expect(!Self.same(bytes, Array(bytes[..<index])))
    }
    #expect(Self.same([], []))
  }

  @Test func `random bytes differ and fill the requested length`() {
    #expect(Random.bytes(0).isEmpty)
    #expect(Random.bytes(32) != Random.bytes(32))
    #expect(Random.bytes(4096).suffix(64).contains { $0 != 0 })
  }
}
