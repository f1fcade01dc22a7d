import Foundation
@testable import Gateway
import Testing

@Suite struct ChatRequestWriteTests {
  static func write(
    _ body: String, model: String = "m", limit: Int? = nil, wantsUsage: Bool = true
  ) throws -> String {
    let bytes = Array(body.utf8)
    let request = try ChatRequest.read(bytes.span)
    let edits = request.edits(model: model, maxTokensLimit: limit, wantsUsage: wantsUsage)
    let out = edits.text(of: bytes.span)
    return String(decoding: out, as: UTF8.self)
  }

  @Test(arguments: [
    (
      #"{"model":"m","messages":[{}],"stream":true}"#,
      #"{"stream_options":{"include_usage":true},"model":"m","messages":[{}],"stream":true}"#
    ),
    (
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":null}"#,
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}"#
    ),
    (
      #"{"model":"m","messages":[{}],"stream":true,"stream_options": { "x":1 } }"#,
      #"{"model":"m","messages":[{}],"stream":true,"stream_options": {"include_usage":true, "x":1 } }"#
    ),
    (
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":{ }}"#,
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":true }}"#
    ),
    (
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage" : false}}"#,
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage" : true}}"#
    ),
    (
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":null}}"#,
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}"#
    ),
    (
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}"#,
      #"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}"#
    ),
  ])
  func `usage is requested in every stream`(_ body: String, _ written: String) throws {
    #expect(try Self.write(body) == written)
    #expect(try Self.write(body, wantsUsage: false) == body)
    let whole = body.replacing(#""stream":true"#, with: #""stream":false"#)
    #expect(try Self.write(whole) == whole)
  }

  @Test(arguments: [
    (1, "1"), (99, "99"), (100, "100"), (101, "100"), (9_000_000_000, "100"),
  ])
  func `token limits are lowered and never raised`(_ asked: Int, _ written: String) throws {
    for field in ["max_tokens", "max_completion_tokens"] {
      let body = #"{"\#(field)" : \#(asked) ,"model":"m","messages":[{}]}"#
      #expect(
        try Self.write(body, limit: 100) == #"{"\#(field)" : \#(written) ,"model":"m","messages":[{}]}"#)
      #expect(try Self.write(body) == body)
    }
  }

  @Test func `a request with both token limits has both lowered`() throws {
    let body = #"{"model":"m","max_tokens":300,"messages":[{}],"max_completion_tokens":200}"#
    #expect(
      try Self.write(body, limit: 100)
        == #"{"model":"m","max_tokens":100,"messages":[{}],"max_completion_tokens":100}"#)
  }

  @Test func `no limit is added to a request without one`() throws {
    let body = #"{"model":"m","messages":[{}],"max_tokens":null}"#
    #expect(try Self.write(body, limit: 1) == body)
  }

  @Test func `the candidate's name replaces the caller's`() throws {
    #expect(
      try Self.write(#"{"x":"m","mod\u0065l" : "m" ,"messages":["m"]}"#, model: "a\"b\u{e9}")
        == #"{"x":"m","mod\u0065l" : "a\"bé" ,"messages":["m"]}"#)
  }

  @Test func `random requests change only where they must`() throws {
    var json = RandomJSON(random: SplitMix(state: 3))
    for _ in 0..<400 {
      let members = json.members(count: 6)
      let fixed = [
        #""model"\#(json.space()):\#(json.space())"m""#, #""messages":[\#(json.value(depth: 3))]"#,
        #""stream":true"#,
        #""max_tokens":500"#,
      ]
      let order = (members + fixed).shuffled(using: &json.random)
      let body = "{" + order.map { json.space() + $0 + json.space() }.joined(separator: ",") + "}"
      let written = try Self.write(body, model: "other", limit: 7)
      let usage = #""stream_options":{"include_usage":true},"#
      let expected =
        "{" + usage
        + order.map { $0.hasPrefix(#""model""#) ? String($0.dropLast(3)) + #""other""# : $0 }
        .map { $0 == #""max_tokens":500"# ? #""max_tokens":7"# : $0 }.joined(separator: ",") + "}"
      // The white space around members is random, so it is ignored outside of strings.
      guard Self.dense(written) == Self.dense(expected) else {
        Issue.record("\(body) became \(written)")
        return
      }
      // Removing the insertions restores the caller's exact bytes.
      let back = written.replacing(usage, with: "", maxReplacements: 1).replacing(
        #""max_tokens":7"#, with: #""max_tokens":500"#)
      #expect(back.utf8.count == body.utf8.count + 4)
      #expect((try? JSONSerialization.jsonObject(with: Data(written.utf8))) != nil)
      // Without a change the body is the same.
      #expect(try Self.write(body, wantsUsage: false) == body)
    }
  }

  private static func dense(_ json: String) -> [UInt8] {
    var isInside = false
    var isEscaped = false
    return json.utf8.filter { byte in
      if isEscaped {
        isEscaped = false
      } else if isInside, byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInside.toggle()
      }
      return isInside || ![0x20, 0x09, 0x0a, 0x0d].contains(byte)
    }
  }
}

/// Random JSON: unknown members, odd white space, escapes, and numbers in every format.
struct RandomJSON {
  var random: SplitMix
  private var keys = 0

  init(random: SplitMix) { self.random = random }

  /// Returns members with unique keys.
  mutating func members(count: Int) -> [String] {
    (0..<below(count + 1)).map { _ in
      keys += 1
      return #""k\#(keys)\#(["", "\\n", "\\u00e9", " ", "é", "\\\\"][below(6)])""# + space() + ":" + value(depth: 4)
    }
  }

  mutating func space() -> String { ["", "", "", " ", "\n", "\t", "\r\n  "][below(7)] }

  mutating func value(depth: Int) -> String {
    switch below(depth > 0 ? 9 : 6) {
    case 0: return ["null", "true", "false"][below(3)]
    case 1: return ["0", "-0", "1.0E+2", "12345678901234567890123", "0.1e-7", "-1"][below(6)]
    case 2: return #""model""#
    case 3: return #""\"m\"\\""#
    case 4: return #""\ud83d\ude00 é\/""#
    case 5: return #""{\"model\":\"m\"}""#
    case 6: return "[" + (0..<below(4)).map { _ in space() + value(depth: depth - 1) }.joined(separator: ",") + "]"
    default:
      let inner = (0..<below(4)).map { #""\#(["model", "stream", "a"][$0 % 3])":"# + value(depth: depth - 1) }
      return "{" + space() + inner.joined(separator: "," + space()) + space() + "}"
    }
  }

  private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
}
