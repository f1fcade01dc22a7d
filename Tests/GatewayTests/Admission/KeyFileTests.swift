import Digest
import Testing

@testable import Gateway

/// The key file: its changes, and its text.
@Suite struct KeyFileTests {
  private static let now: Int64 = 1_800_000_000

  private static func sample() throws -> (file: KeyFile, secrets: [Secret]) {
    var file = KeyFile()
    let terms = KeyRecord.Terms(
      team: "build", models: ["llama*", "gpt \"x\""], providers: ["up0"], rights: [.call, .spend],
      expiry: now + 1000)
    let (_, first) = try file.create("ci", terms, at: now)
    let (_, second) = try file.create("boss@home", KeyRecord.Terms(rights: [.admin]), at: now + 1)
    let (_, third) = try file.rotate("ci", grace: 100, at: now + 2)
    return (file, [first, second, third])
  }

  /// The name of the caller that a key admits.
  private static func caller(_ secret: Secret, _ file: KeyFile, at time: Int64) -> String? {
    APIKeys([], ring: KeyRing(file)).caller(presenting: Array(secret.reveal().utf8).span, at: time)?.name
  }

  @Test func `a file reads as it was written`() throws {
    let (file, _) = try Self.sample()
    let read = try KeyFile(text: file.text)
    #expect(read.records == file.records)
    #expect(read.hashKey == file.hashKey)
    #expect(read.text == file.text)
    let empty = KeyFile()
    #expect(try KeyFile(text: empty.text).records.isEmpty)
  }

  @Test func `a file that was cut anywhere is not used`() throws {
    let text = try Self.sample().file.text
    for end in 0..<text.count { #expect(throws: KeyError.self) { try KeyFile(text: Array(text[..<end])) } }
    #expect(throws: KeyError.self) { try KeyFile(text: text + [0x0a]) }
    #expect(throws: KeyError.self) { try KeyFile(text: text + text) }
  }

  @Test func `a file with any byte changed is not used`() throws {
    let text = try Self.sample().file.text
    for index in text.indices {
      for bit in [0, 5] as [UInt8] {
        var changed = text
        changed[index] ^= 1 << bit
        #expect(throws: KeyError.self, "byte \(index)") { try KeyFile(text: changed) }
      }
    }
  }

  /// A file whose lines are others, with the checksum of these.
  private static func signed(_ lines: String, count: Int = 1, version: Int = 1, more: String = "") -> [UInt8] {
    let key = String(repeating: "ab", count: 32)
    let sum = SHA256.authenticate(
      Array(lines.utf8).span, key: [UInt8](repeating: 0xab, count: 32).span)
    let header = #"{"hoosh_keys":\#(version),"hash_key":"\#(key)","keys":\#(count),"checksum":"\#(sum)"\#(more)}"#
    return Array("\(header)\n\(lines)".utf8)
  }

  private static let line =
    #"{"id":"00000000000000aa","name":"ci","rights":["call"],"created":1,"hash":"\#(String(repeating: "0", count: 64))"}"#

  @Test func `a line that hoosh would not write is not used, whatever its checksum`() throws {
    #expect(try KeyFile(text: Self.signed(Self.line + "\n")).records.map(\.name) == ["ci"])
    let lines = [
      Self.line, Self.line + "\n" + Self.line + "\n", Self.line + "\n\n", "\n", "{}\n", "[]\n", "null\n",
      Self.line.replacing("\"ci\"", with: "\"c i\"") + "\n",
      Self.line.replacing("\"ci\"", with: "\"anyone\"") + "\n",
      Self.line.replacing("00aa", with: "00AA") + "\n", Self.line.replacing("[\"call\"]", with: "[]") + "\n",
      Self.line.replacing("[\"call\"]", with: "[\"call\",\"root\"]") + "\n",
      Self.line.replacing("\"call\"", with: "\"call\",\"call\"") + "\n",
      Self.line.replacing("{", with: "{\"extra\":1,") + "\n", Self.line.replacing(":1,", with: ":-1,") + "\n",
      Self.line.replacing("{", with: "{\"expires\":\"never\",") + "\n",
      Self.line.replacing("{", with: "{\"name\":\"b\",") + "\n",
      Self.line.replacing("{", with: "{\"previous\":[{\"hash\":\"0\",\"until\":1}],") + "\n",
    ]
    for line in lines {
      for count in 1...2 {
        #expect(throws: KeyError.self, "\(line)") { try KeyFile(text: Self.signed(line, count: count)) }
      }
    }
    #expect(throws: KeyError.self) { try KeyFile(text: Self.signed(Self.line + "\n", count: 2)) }
    #expect(throws: KeyError.self) { try KeyFile(text: Self.signed(Self.line + "\n", version: 2)) }
    #expect(throws: KeyError.self) { try KeyFile(text: Self.signed(Self.line + "\n", more: ",\"x\":1")) }
  }

  @Test func `neither the file nor its descriptions have a key, and each key is different`() throws {
    let (file, secrets) = try Self.sample()
    var dumped = "\(file) \(String(reflecting: file))"
    dump(file, to: &dumped)
    dump(KeyRing(file), to: &dumped)
    dump(APIKeys([], ring: KeyRing(file)), to: &dumped)
    let text = String(decoding: file.text, as: UTF8.self)
    for secret in secrets {
      #expect(secret.reveal().hasPrefix("sk-hoosh-") && secret.reveal().count == 73)
      #expect(!text.contains(secret.reveal().dropFirst(9)) && !dumped.contains(secret.reveal().dropFirst(9)))
    }
    let hashKey = file.hashKey.map { String($0, radix: 16) }.joined()
    #expect(!dumped.contains(hashKey) && !dumped.contains("\(file.hashKey)"))
    #expect(Set(secrets.map { $0.reveal() }).count == 3)
  }

  @Test func `a rotated key stays the same caller, and the one before it is accepted until its grace is over`()
    throws
  {
    let (file, secrets) = try Self.sample()
    #expect(Self.caller(secrets[0], file, at: Self.now + 101) == "ci")
    #expect(Self.caller(secrets[0], file, at: Self.now + 102) == nil)
    #expect(Self.caller(secrets[2], file, at: Self.now + 102) == "ci")
    let keys = APIKeys([], ring: KeyRing(file))
    let callers = [secrets[0], secrets[2]].map {
      keys.caller(presenting: Array($0.reveal().utf8).span, at: Self.now)
    }
    #expect(callers[0] == callers[1] && callers[0]?.id == file.records[0].id)
  }

  @Test func `a rotation without grace ends every earlier key`() throws {
    var (file, secrets) = try Self.sample()
    let (_, last) = try file.rotate("ci", grace: 0, at: Self.now + 3)
    for secret in [secrets[0], secrets[2]] { #expect(Self.caller(secret, file, at: Self.now + 4) == nil) }
    #expect(Self.caller(last, file, at: Self.now + 4) == "ci")
  }

  @Test func `a key is rotated a few times within its grace, and then only without`() throws {
    var file = KeyFile()
    _ = try file.create("a", KeyRecord.Terms(), at: 0)
    for _ in 0..<KeyRecord.previousMax { _ = try file.rotate("a", grace: 100, at: 1) }
    #expect(throws: KeyError.self) { try file.rotate("a", grace: 100, at: 100) }
    _ = try file.rotate("a", grace: 100, at: 101)
    #expect(file.records[0].previous.count == 1)
    #expect(throws: KeyError.self) { try file.rotate("a", grace: KeyFile.graceMax + 1, at: 0) }
    #expect(throws: KeyError.self) { try file.rotate("a", grace: -1, at: 0) }
    _ = try file.rotate("a", grace: KeyFile.graceMax, at: .max - 1)
    #expect(file.records[0].previous.last?.until == .max)
  }

  @Test func `a revoked key is gone, and one of its name is another caller`() throws {
    var (file, secrets) = try Self.sample()
    let id = try file.revoke("ci").id
    for secret in [secrets[0], secrets[2]] { #expect(Self.caller(secret, file, at: Self.now) == nil) }
    #expect(throws: KeyError.self) { try file.revoke("ci") }
    let (record, _) = try file.create("ci", KeyRecord.Terms(), at: Self.now)
    #expect(record.id != id)
    #expect(try file.find(record.idText) == record)
  }

  @Test(arguments: [
    "", "a b", "-a", ".a", "a/b", "ä", "anyone", "key-1", "0123456789abcdef", String(repeating: "a", count: 65),
    "a\n",
  ])
  func `a name is a word that means nothing else`(name: String) {
    var file = KeyFile()
    #expect(throws: KeyError.self) { try file.create(name, KeyRecord.Terms(), at: 0) }
    #expect(throws: KeyError.self) { try file.create("a", KeyRecord.Terms(team: name), at: 0) }
    #expect(file.records.isEmpty)
  }

  @Test func `names are unique, also among those of the configuration`() throws {
    var file = KeyFile()
    _ = try file.create("a", KeyRecord.Terms(), at: 0)
    #expect(throws: KeyError.self) { try file.create("a", KeyRecord.Terms(), at: 0) }
    #expect(throws: KeyError.self) { try file.create("b", KeyRecord.Terms(), at: 0, reserved: ["b"]) }
    let configuration = try Configuration.read(
      text: Array("[[keys]]\nname = \"a\"\nkey = \"x\"\n".utf8), file: "test.toml", environment: [:])
    #expect(KeyRing(file).conflict(with: configuration) == "a")
    #expect(KeyRing(KeyFile()).conflict(with: configuration) == nil)
  }

  @Test func `what a key may do is checked`() {
    var file = KeyFile()
    let long = String(repeating: "x", count: 257)
    for terms in [
      KeyRecord.Terms(models: [""]), KeyRecord.Terms(models: [long]), KeyRecord.Terms(models: ["a\u{1}"]),
      KeyRecord.Terms(providers: Array(repeating: "a", count: 257)), KeyRecord.Terms(rights: []),
      KeyRecord.Terms(rights: [.call, .call]), KeyRecord.Terms(expiry: 10), KeyRecord.Terms(expiry: -1),
    ] {
      #expect(throws: KeyError.self) { try file.create("a", terms, at: 10) }
    }
  }

  @Test func `a key from a caller expires with that caller's key at the latest`() throws {
    var file = KeyFile()
    let made = try file.perform(.create(name: "a", KeyRecord.Terms()), at: 0, expiryMax: 100)
    #expect(made.records[0].terms.expiry == 100)
    #expect(throws: KeyError.self) {
      try file.perform(.create(name: "b", KeyRecord.Terms(expiry: 101)), at: 0, expiryMax: 100)
    }
    _ = try file.create("c", KeyRecord.Terms(), at: 0)
    #expect(throws: KeyError.self) { try file.perform(.rotate("c", grace: 0), at: 0, expiryMax: 100) }
    _ = try file.perform(.rotate("a", grace: 0), at: 0, expiryMax: 100)
    _ = try file.perform(.revoke("c"), at: 0, expiryMax: 100)
  }

  @Test func `a list goes on behind its last key`() throws {
    var file = KeyFile()
    for name in ["a", "b", "c"] { _ = try file.create(name, KeyRecord.Terms(), at: 0) }
    let first = try file.perform(.list(after: nil, limit: 2), at: 0)
    #expect(first.records.map(\.name) == ["a", "b"] && first.hasMore)
    let rest = try file.perform(.list(after: first.records[1].idText, limit: 2), at: 0)
    #expect(rest.records.map(\.name) == ["c"] && !rest.hasMore)
    #expect(throws: KeyError.self) { try file.perform(.list(after: "z", limit: 2), at: 0) }
  }
}
