import Testing

@testable import Gateway

struct SpliceTests {
  /// Applies changes to members of a text, which the closure finds by name.
  private func changed(
    _ text: String, _ change: (inout Splice, [String: Member], [UInt8]) -> Void
  ) throws -> String {
    let json = Array(text.utf8)
    var named: [String: Member] = [:]
    for member in try JSONSamples.members(json) { named[member.name(in: json.span)] = member }
    var splice = Splice()
    change(&splice, named, json)
    var out = Array("before ".utf8)
    splice.apply(to: json.span, into: &out)
    let result = String(decoding: out, as: UTF8.self)
    #expect(result.hasPrefix("before "))
    let rest = String(result.dropFirst(7))
    #expect(joined(splice.pieces(of: json.span), json) == Array(rest.utf8), "in pieces it says the same")
    #expect(JSONSamples.walkError(Array(rest.utf8)) == nil, "\(rest)")
    return rest
  }

  private func joined(_ pieces: [Splice.Piece], _ json: [UInt8]) -> [UInt8] {
    pieces.flatMap { piece in
      switch piece {
      case .kept(let range): Array(json[range])
      case .added(let bytes): bytes
      }
    }
  }

  private func brace(_ json: [UInt8]) -> Int { json.firstIndex(of: UInt8(ascii: "{"))! }

  @Test func `without changes the text stays the same`() throws {
    let text = " {\"a\" : 1 ,\n\"b\":[ ]} "
    #expect(try changed(text) { _, _, _ in } == text)
  }

  @Test func `a replaced value leaves all other bytes unchanged`() throws {
    let text = #" { "model" : "gpt" , "x":[1, 2 ],"n":1e400 } "#
    #expect(
      try changed(text) { splice, named, _ in splice.replace(named["model"]!, with: "a \"b\"") }
        == #" { "model" : "a \"b\"" , "x":[1, 2 ],"n":1e400 } "#)
    #expect(
      try changed(text) { splice, named, _ in
        splice.replace(named["x"]!, with: Array("null".utf8).span)
      } == #" { "model" : "gpt" , "x":null,"n":1e400 } "#)
  }

  @Test(arguments: [
    ("{}", #"{"k":1}"#), ("{ }", #"{"k":1 }"#), (#"{"a":2}"#, #"{"k":1,"a":2}"#),
    (#" { "a":2}"#, #" {"k":1, "a":2}"#),
  ])
  func `a member is inserted before all others`(_ text: String, _ result: String) throws {
    #expect(
      try changed(text) { splice, _, json in
        splice.insert("k", Array("1".utf8).span, intoObjectAt: brace(json))
      } == result)
  }

  @Test(arguments: [
    (#"{"a":1,"b":2,"c":3}"#, "a", #"{"b":2,"c":3}"#), (#"{"a":1,"b":2,"c":3}"#, "b", #"{"a":1,"c":3}"#),
    (#"{"a":1,"b":2,"c":3}"#, "c", #"{"a":1,"b":2}"#), (#"{"a":1}"#, "a", "{}"), (#"{ "a" : 1 }"#, "a", "{  }"),
    (#"{"a":1,"b":2,"c":3}"#, "ab", #"{"c":3}"#), (#"{"a":1,"b":2,"c":3}"#, "bc", #"{"a":1}"#),
    (#"{"a":1,"b":2,"c":3}"#, "ac", #"{"b":2}"#), (#"{"a":1,"b":2,"c":3}"#, "abc", "{}"),
    (#"{"a":1,"b":2,"c":3}"#, "cba", "{}"), (#"{ "a":1 , "b":2 , "c":3 }"#, "b", #"{ "a":1  , "c":3 }"#),
    (#"{ "a":1 , "b":2 }"#, "a", #"{  "b":2 }"#), (#"{"a":",","b":"}"}"#, "b", #"{"a":","}"#),
  ])
  func `each removed member takes exactly one comma`(_ text: String, _ names: String, _ result: String) throws {
    #expect(
      try changed(text) { splice, named, _ in for name in names { splice.remove(named[String(name)]!) } } == result)
  }

  @Test func `members are inserted and removed together`() throws {
    for names in ["", "a", "b", "c", "ab", "bc", "ac", "abc", "cab"] {
      for added in 0...2 {
        let result = try changed(#"{"a":1 , "b" : 2,"c":3}"#) { splice, named, json in
          for name in names { splice.remove(named[String(name)]!) }
          for index in 0..<added { splice.insert("n\(index)", Array("0".utf8).span, intoObjectAt: brace(json)) }
        }
        let members = try JSONSamples.members(Array(result.utf8))
        let json = Array(result.utf8)
        let expected = (0..<added).map { "n\($0)" } + ["a", "b", "c"].filter { !names.contains($0) }
        #expect(members.map { $0.name(in: json) } == expected)
      }
    }
  }

  @Test func `a splice can be reused`() throws {
    let json = Array(#"{"a":1}"#.utf8)
    let member = try JSONSamples.members(json)[0]
    var splice = Splice()
    splice.remove(member)
    #expect(!splice.isEmpty)
    splice.removeAll()
    #expect(splice.isEmpty)
    splice.replace(Slice(start: 7, count: 0), with: Array(" ".utf8).span)
    var out: [UInt8] = []
    splice.apply(to: json.span, into: &out)
    #expect(out == json + Array(" ".utf8))
  }

  @Test func `overlapping changes trap`() async {
    await #expect(processExitsWith: .failure) {
      var splice = Splice()
      splice.replace(Slice(start: 0, count: 3), with: [UInt8]().span)
      splice.replace(Slice(start: 2, count: 3), with: [UInt8]().span)
      var out: [UInt8] = []
      splice.apply(to: [1, 2, 3, 4, 5, 6].span, into: &out)
    }
  }

  @Test func `every byte outside a change stays, for random texts`() throws {
    var maker = JSONMaker(4242)
    for _ in 0..<600 {
      let count = Int.random(in: 1...7, using: &maker.chance)
      let text = maker.space() + maker.object(members: count, depth: 3) + maker.space()
      let json = Array(text.utf8)
      let members = try JSONSamples.members(json)
      let chosen = members[Int.random(in: 0..<count, using: &maker.chance)]
      let range = chosen.value.slice.range
      let value = Array(maker.value(depth: 2).utf8)
      var splice = Splice()
      splice.replace(chosen, with: value.span)
      var out: [UInt8] = []
      splice.apply(to: json.span, into: &out)
      #expect(out == json[..<range.lowerBound] + value + json[range.upperBound...])
      #expect(joined(splice.pieces(of: json.span), json) == out)
      #expect(JSONSamples.walkError(out) == nil)

      // Removing some members leaves the others unchanged.
      var removal = Splice()
      var kept: [Member] = []
      for member in members.shuffled(using: &maker.chance) {
        if Bool.random(using: &maker.chance) { removal.remove(member) } else { kept.append(member) }
      }
      kept.sort { $0.key.start < $1.key.start }
      out.removeAll()
      removal.apply(to: json.span, into: &out)
      let left = try JSONSamples.members(out)
      #expect(left.map { Array(out[$0.key.range]) } == kept.map { Array(json[$0.key.range]) })
      #expect(left.map { Array(out[$0.value.slice.range]) } == kept.map { Array(json[$0.value.slice.range]) })
    }
  }
}
