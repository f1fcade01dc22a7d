import Testing

@testable import Gateway

struct CursorTests {
  private func text(_ slice: Slice, _ json: [UInt8]) -> String {
    String(decoding: json[slice.range], as: UTF8.self)
  }

  @Test func `members are returned in order, with their kinds and offsets`() throws {
    let json = Array(
      #" { "a" : 1 ,"b":"x\n", "c\u0041":[1,[2,3]],"d":{"e":null},"f":true,"g":false,"h":null } "#.utf8)
    let members = try JSONSamples.members(json)
    #expect(members.map { text($0.key, json) } == ["a", "b", #"c\u0041"#, "d", "f", "g", "h"])
    #expect(members.map(\.value.kind) == [.number, .string, .array, .object, .true, .false, .null])
    #expect(
      members.map { text($0.value.slice, json) } == [
        "1", #""x\n""#, "[1,[2,3]]", #"{"e":null}"#, "true", "false", "null",
      ])
    #expect(members.map(\.value.elements) == [0, 0, 2, 1, 0, 0, 0])
    #expect(members.map(\.keyHasEscapes) == [false, false, true, false, false, false, false])
    #expect(members[1].value.hasEscapes)
    #expect(members.map(\.value.bool) == [nil, nil, nil, nil, true, false, nil])
  }

  @Test(arguments: ["{}", "{ }", " {\n} "])
  func `an empty object has no members`(_ text: String) throws {
    #expect(try JSONSamples.members(Array(text.utf8)).isEmpty)
  }

  @Test func `a cursor at its end stays there, and only a root checks the bytes that follow`() throws {
    let json = Array(#"{"a":1} x"#.utf8)
    var cursor = try ObjectCursor(in: json.span, at: 0)
    _ = try cursor.next(in: json.span)
    let isOver = try cursor.next(in: json.span) == nil
    let isStillOver = try cursor.next(in: json.span) == nil
    let (offset, count) = (cursor.offset, cursor.count)
    #expect(isOver && isStillOver)
    #expect(offset == 7)
    #expect(count == 1)
    #expect(JSONSamples.walkError(json) == JSONError(.trailingBytes, at: 8))
  }

  @Test func `a walk rejects every text that a scan rejects`() {
    for (text, kind) in JSONSamples.invalid {
      let json = Array(text.utf8)
      guard json.first == UInt8(ascii: "{") else { continue }
      #expect(JSONSamples.walkError(json)?.kind == kind, "\(text.debugDescription)")
    }
  }

  @Test func `an offset without a brace is an error`() {
    let json = Array("[{}]".utf8)
    for offset in [-1, 0, 2, 3, 4, 100, .max] {
      #expect(throws: JSONError.self) { try start(json, offset) }
    }
    #expect(throws: Never.self) { try start(json, 1) }
  }

  private func start(_ json: [UInt8], _ offset: Int) throws(JSONError) {
    var cursor = try ObjectCursor(in: json.span, at: offset)
    _ = try cursor.next(in: json.span)
  }

  @Test(arguments: [
    (#"{"model":1,"model":2}"#, 11), (#"{"model":1,"mod\u0065l":2}"#, 11), (#"{"mod\u0065l":1,"model":2}"#, 16),
    (#"{"":1,"a":1,"":2}"#, 12), (#"{"\u00e9":1,"é":2}"#, 12), (#"{"\ud83d\ude00":1,"x":0,"😀":2}"#, 24),
    (#"{"a\/b":1,"a/b":2}"#, 10), (#"{"\n":1,"\u000A":2}"#, 8), (#"{"\u0000":1,"\u0000":2}"#, 12),
    (#"{"a-key-of-more-than-eight-bytes":1,"a-key-of-more-than-\u0065ight-bytes":2}"#, 36),
    (#"{"eight\u0020by":1,"eight by":2}"#, 19),
  ])
  func `a repeated key is rejected in any spelling`(_ text: String, _ offset: Int) {
    #expect(JSONSamples.walkError(Array(text.utf8)) == JSONError(.duplicateKey, at: offset))
  }

  @Test(arguments: [#"{"a":1,"A":2}"#, #"{"a":1,"a ":2}"#, #"{"a":1,"a\u0000":2}"#, #"{"a":{"a":1},"b":{"a":1}}"#])
  func `keys that resemble each other are different`(_ text: String) {
    #expect(JSONSamples.walkError(Array(text.utf8)) == nil)
  }

  @Test func `a member cursor accepts repeated keys`() throws {
    let json = Array(#"{"a":1,"a":2}"#.utf8)
    var cursor = try MemberCursor(whole: json.span)
    var count = 0
    while try cursor.next(in: json.span) != nil { count += 1 }
    #expect(count == 2)
  }

  @Test func `128 members are accepted and one more is rejected`() throws {
    let members = (0...128).map { "\"key\($0)\":\($0)" }
    let full = Array(("{" + members.dropLast().joined(separator: ",") + "}").utf8)
    #expect(try JSONSamples.members(full).count == ObjectCursor.membersMax)
    #expect(
      JSONSamples.walkError(Array(("{" + members.joined(separator: ",") + "}").utf8))?.kind == .tooManyMembers)
    for index in [0, 1, 63, 64, 126] {
      let twice = Array(("{" + members[..<127].joined(separator: ",") + ",\"ke\\u0079\(index)\":0}").utf8)
      #expect(JSONSamples.walkError(twice)?.kind == .duplicateKey)
    }
    let nested = Array(("{\"inside\":{" + members.joined(separator: ",") + "}}").utf8)
    #expect(try JSONSamples.members(nested)[0].value.elements == 129)
  }

  @Test func `keys with equal hashes are compared`() throws {
    func hash(_ key: String) -> UInt64 {
      let json = Array("\"\(key)\"".utf8)
      return SeenKeys.hash(Slice(start: 1, count: json.count - 2), hasEscapes: false, seed: 7, in: json.span)
    }
    // Of a hash, 32 bits are stored. Among enough keys, two have them in common.
    var seen: [UInt64: String] = [:]
    var pair: (String, String)?
    for index in 0..<1_000_000 where pair == nil {
      let key = "k\(index)"
      let upper = hash(key) >> 32
      if let other = seen[upper] { pair = (other, key) }
      seen[upper] = key
    }
    let (one, two) = try #require(pair)
    // One more key sets the filter's bit, so that the second is compared with the first.
    let filler = try #require((0..<10_000).map { "f\($0)" }.first { (hash($0) ^ hash(two)) & 63 == 0 })
    let both = "\"\(filler)\":0,\"\(one)\":1,\"\(two)\":2"
    #expect(try JSONSamples.members(Array("{\(both)}".utf8), seed: 7).count == 3)
    #expect(throws: JSONError.self) { try JSONSamples.members(Array("{\(both),\"\(one)\":3}".utf8), seed: 7) }
  }

  @Test func `a key is compared without escapes`() throws {
    let json = Array(#"{"model":1,"mod\u0065ls":2,"\ud83d\ude00":3,"\ud800":4,"":5}"#.utf8)
    let members = try JSONSamples.members(json)
    #expect(members[0].keyEquals("model", in: json))
    #expect(!members[0].keyEquals("mode", in: json))
    #expect(!members[0].keyEquals("models", in: json))
    #expect(!members[0].keyEquals("Model", in: json))
    #expect(members[1].keyEquals("models", in: json))
    #expect(!members[1].keyEquals("model", in: json))
    #expect(!members[1].keyEquals("models!", in: json))
    #expect(members[2].keyEquals("😀", in: json))
    #expect(members[3].keyEquals("\u{fffd}", in: json))
    #expect(members[4].keyEquals("", in: json))
    #expect(members.map { $0.name(in: json) } == ["model", "models", "😀", "\u{fffd}", ""])
  }

  @Test func `the elements of an array are returned in order`() throws {
    let json = Array(#"[ 1 ,"a",[2,3] , {"b":4},null ]"#.utf8)
    var cursor = try ArrayCursor(in: json.span, at: 0)
    var elements: [String] = []
    while let value = try cursor.next(in: json.span) { elements.append(text(value.slice, json)) }
    #expect(elements == ["1", #""a""#, "[2,3]", #"{"b":4}"#, "null"])
    #expect(cursor.count == 5)
    #expect(cursor.offset == json.count)
  }

  @Test(arguments: ["[", "[1", "[1,", "[1,]", "[,", "[1 2]", "[1}", "{}", "", "[\"a]"])
  func `a malformed array is an error`(_ text: String) {
    #expect(throws: JSONError.self) { try walkArray(Array(text.utf8)) }
  }

  private func walkArray(_ json: [UInt8]) throws(JSONError) {
    var cursor = try ArrayCursor(in: json.span, at: 0)
    while try cursor.next(in: json.span) != nil {}
  }
}
