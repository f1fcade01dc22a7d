import Support
import Testing

@testable import Gateway

/// The table of kept answers.
@Suite struct AnswerCacheTests {
  private static func key(_ number: Int) -> CacheKey { CacheKey(Array("\(number)".utf8).span) }

  private static func answer(_ bytes: Int = 100, at now: Int64 = 0) -> StoredAnswer {
    StoredAnswer(
      AnswerSource(provider: "p", model: "m", dialect: .openAI), [UInt8](repeating: 0x61, count: bytes), at: now,
      nil,
      nil)
  }

  private static func limits(entries: Int = 10, bytes: Int = 1 << 20, ttl: Int64 = 100) -> AnswerCache.Limits {
    AnswerCache.Limits(entries: entries, bytes: bytes, ttl: ttl)
  }

  @Test func `the answer that was used least recently makes way`() {
    var cache = AnswerCache(Self.limits(entries: 3))
    for number in 1...3 { cache.insert(Self.answer(), for: Self.key(number)) }
    #expect(cache.find(Self.key(1), at: 1) != nil)
    cache.insert(Self.answer(), for: Self.key(4))
    #expect(cache.find(Self.key(2), at: 1) == nil)
    for number in [1, 3, 4] { #expect(cache.find(Self.key(number), at: 1) != nil) }
    #expect(cache.counts.evictions == 1)
  }

  @Test func `an answer leaves after its time, to the nanosecond`() {
    var cache = AnswerCache(Self.limits(ttl: 100))
    cache.insert(Self.answer(at: 50), for: Self.key(1))
    #expect(cache.find(Self.key(1), at: 149) != nil)
    #expect(cache.find(Self.key(1), at: 150) == nil)
    #expect(cache.count == 0)
  }

  @Test func `a caller's highest age leaves the answer to others`() {
    var cache = AnswerCache(Self.limits(ttl: 100))
    cache.insert(Self.answer(at: 0), for: Self.key(1))
    #expect(cache.find(Self.key(1), ageMax: 9, at: 10) == nil)
    #expect(cache.find(Self.key(1), ageMax: 10, at: 10) != nil)
  }

  @Test func `an answer that would push most others out is not kept`() {
    var cache = AnswerCache(Self.limits(bytes: 160_000))
    cache.insert(Self.answer(10_000), for: Self.key(1))
    #expect(cache.count == 0)
    cache.insert(Self.answer(10_000 - StoredAnswer.overhead), for: Self.key(1))
    #expect(cache.count == 1)
  }

  @Test(arguments: 0..<20)
  func `whatever is kept, found and removed, it does what a simple list does`(seed: UInt64) {
    var random = SplitMix(state: seed)
    let limits = Self.limits(
      entries: .random(in: 1...40, using: &random), bytes: .random(in: 20_000...60_000, using: &random), ttl: 500)
    var cache = AnswerCache(limits)
    /// The oldest first.
    var list: [(key: Int, answer: StoredAnswer)] = []
    var now: Int64 = 0
    for step in 0..<3000 {
      now += .random(in: 0...3, using: &random)
      let number = Int.random(in: 0..<80, using: &random)
      if Bool.random(using: &random) {
        let found = cache.find(Self.key(number), at: now)
        let index = list.firstIndex { $0.key == number }
        let entry = index.map { list.remove(at: $0) }
        if let entry, now - entry.answer.storedAt < limits.ttl {
          list.append(entry)
          #expect(found === entry.answer, "seed \(seed), step \(step)")
        } else {
          #expect(found == nil, "seed \(seed), step \(step)")
        }
      } else {
        let answer = Self.answer(.random(in: 0...900, using: &random), at: now)
        cache.insert(answer, for: Self.key(number))
        list.removeAll { $0.key == number }
        list.append((number, answer))
        while list.count > limits.entries || list.reduce(0, { $0 + $1.answer.byteCount }) > limits.bytes {
          list.removeFirst()
        }
      }
      #expect(cache.count == list.count, "seed \(seed), step \(step)")
      #expect(cache.bytes == list.reduce(0) { $0 + $1.answer.byteCount })
      if step % 1000 == 999 {
        cache.removeAll()
        list = []
      }
    }
  }
}

/// Requests as the cache sees them.
@Suite struct CacheableRequestTests {
  private static func key(
    _ body: String, _ endpoint: CallEndpoint = CallEndpoint(.openAI), tenant: String = "t", namespace: String = "",
    model: String = "m"
  ) throws -> CacheKey? {
    let json = Array(body.utf8)
    let context = CacheableRequest.Context(
      tenant: Array(tenant.utf8), namespace: Array(namespace.utf8),
      candidates: [(ProviderID(name: "p"), model)]
    ).text
    return CacheableRequest(try Call.read(json.span, for: endpoint, model: model), json.span, context)?.key
  }

  /// A random chat, and the same chat written another way: with white space, other escapes, and another order.
  private static func chat(_ random: inout SplitMix) -> (one: String, other: String, meaning: String) {
    var members: [(String, String, String)] = [(#""model""#, #""m""#, #""m""#)]
    var messages: [(String, String)] = []
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      let text = ["hi", "ho", "h\u{e9}"].randomElement(using: &random)!
      let escaped = text.unicodeScalars.map { "\\u" + String(0x10000 + $0.value, radix: 16).dropFirst() }.joined()
      messages.append(
        (#"{"role":"user","content":"\#(text)"}"#, #"{ "content": "\#(escaped)", "role" :"user" }"#))
    }
    members.append(
      (
        #""messages""#, "[" + messages.map(\.0).joined(separator: ",") + "]",
        "[ " + messages.map(\.1).joined(separator: " , ") + " ]"
      ))
    for (name, values) in [
      ("temperature", ["0", "0.5"]), ("seed", ["1", "2"]), ("max_tokens", ["5", "6"]),
      ("unknown", ["true", "[1]"]),
    ] where Bool.random(using: &random) {
      let value = values.randomElement(using: &random)!
      members.append(("\"\(name)\"", value, value))
    }
    let one = "{" + members.map { "\($0.0):\($0.1)" }.joined(separator: ",") + "}"
    let shuffled = members.shuffled(using: &random)
    let other = "{\n" + shuffled.map { "\($0.0) : \($0.2)" }.joined(separator: " ,\t") + "}"
    return (one, other, one)
  }

  @Test(arguments: 0..<20)
  func `two chats have the same key if and only if they mean the same`(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    for _ in 0..<100 {
      let (left, right) = (Self.chat(&random), Self.chat(&random))
      let key = try #require(try Self.key(left.one))
      #expect(try Self.key(left.other) == key, "\(left.other)")
      #expect(try (Self.key(right.one) == key) == (left.meaning == right.meaning), "\(left.one) \(right.one)")
      #expect(try Self.key(left.one, tenant: "other") != key)
      #expect(try Self.key(left.one, namespace: "n") != key)
      #expect(try Self.key(left.one, model: "served otherwise") != key)
    }
  }

  @Test func `the same chat has the same key in every dialect that can write it`() throws {
    let openAI = try #require(
      try Self.key(
        #"{"model":"m","max_tokens":9,"temperature":0,"messages":[{"role":"user","content":"hi"}]}"#))
    let others: [(CallEndpoint, String)] = [
      (
        CallEndpoint(.anthropic),
        #"{"model":"m","max_tokens":9,"temperature":0,"messages":[{"role":"user","content":"hi"}]}"#
      ),
      (
        CallEndpoint(.anthropic),
        #"{"model":"m","max_tokens":9,"temperature":0,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}"#
      ),
      (
        CallEndpoint(.ollama),
        #"{"model":"m","stream":false,"messages":[{"role":"user","content":"hi"}],"options":{"temperature":0,"num_predict":9}}"#
      ),
      (
        CallEndpoint(.gemini),
        #"{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"temperature":0,"maxOutputTokens":9}}"#
      ),
    ]
    for (endpoint, body) in others { #expect(try Self.key(body, endpoint) == openAI, "\(body)") }
  }

  @Test func `a difference that the neutral form cannot write makes another request`() throws {
    func result(_ more: String) -> String {
      #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"no"\#(more)}]}]}"#
    }
    let anthropic = CallEndpoint(.anthropic)
    #expect(try Self.key(result(""), anthropic) != Self.key(result(#","is_error":true"#), anthropic))
    func texts(_ parts: String) -> String {
      #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[\#(parts)]}]}"#
    }
    #expect(
      try Self.key(texts(#"{"type":"text","text":"ab"},{"type":"text","text":"c"}"#), anthropic)
        != Self.key(texts(#"{"type":"text","text":"a"},{"type":"text","text":"bc"}"#), anthropic))
  }

  @Test func `the stream's own options change nothing`() throws {
    let chat = #"{"model":"m","messages":[{"role":"user","content":"hi"}]"#
    #expect(
      try Self.key(chat + "}") == Self.key(chat + #","stream":true,"stream_options":{"include_usage":true}}"#))
  }
}
