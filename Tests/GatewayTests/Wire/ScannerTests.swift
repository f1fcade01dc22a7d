import Foundation
import Testing

@testable import Gateway

struct ScannerTests {
  @Test(arguments: JSONSamples.valid)
  func `every form of the grammar is accepted`(_ text: String) {
    #expect(JSONSamples.fault(Array(text.utf8)) == nil)
  }

  @Test func `what the grammar does not have is refused with its kind`() {
    for (text, kind) in JSONSamples.invalid {
      #expect(JSONSamples.fault(Array(text.utf8))?.kind == kind, "\(text.debugDescription)")
    }
  }

  @Test func `a refused text is refused in an array and in an object too`() {
    for (text, kind) in JSONSamples.invalid where kind != .empty && kind != .trailingBytes {
      #expect(JSONSamples.fault(Array("[\(text)]".utf8)) != nil, "\(text.debugDescription)")
      #expect(JSONSamples.walkFault(Array("{\"a\":\(text)}".utf8)) != nil, "\(text.debugDescription)")
    }
  }

  @Test func `a text cut anywhere is a fault inside it, never a trap`() {
    for text in JSONSamples.valid + JSONSamples.invalid.map(\.text) {
      let json = Array(text.utf8)
      // A number cut short may be another number; everything else needs its last byte.
      let isWhole = JSONSamples.fault(json) == nil && "\"]}".utf8.contains(json.last!)
      for count in 0..<json.count {
        let fault = JSONSamples.fault(Array(json[..<count]))
        if isWhole { #expect(fault != nil, "\(text.debugDescription) cut at \(count)") }
        if let fault { #expect(fault.offset <= count) }
        if let fault = JSONSamples.walkFault(Array(json[..<count])) { #expect(fault.offset <= count) }
      }
    }
  }

  @Test func `bytes that are not UTF-8 are refused wherever they stand in a string`() {
    for bytes in JSONSamples.malformed {
      for lead in [0, 1, 7, 8, 9, 31, 32, 40] {
        let json = [0x22] + Array(repeating: UInt8(ascii: "x"), count: lead) + bytes + Array("xyz\"".utf8)
        let fault = JSONSamples.fault(json)
        #expect(fault?.kind == .badUTF8, "\(bytes) behind \(lead)")
        // The table's last row begins with a letter that is all right.
        #expect(fault?.offset == lead + (bytes.first == 0xc3 ? 3 : 1))
      }
    }
  }

  @Test func `every scalar of UTF-8 is accepted`() {
    var text = "\""
    for value in UInt32(0x20)...0x10ffff where value % 61 == 0 || value < 0x900 {
      if let scalar = Unicode.Scalar(value), scalar != "\"", scalar != "\\" { text.unicodeScalars.append(scalar) }
    }
    #expect(JSONSamples.fault(Array((text + "\"").utf8)) == nil)
  }

  @Test func `sixty-four levels are accepted and sixty-five are refused`() {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
      let perUnit = open.hasPrefix("[{") ? 2 : 1
      let units = Scanner.depthMax / perUnit
      let deepest = String(repeating: open, count: units) + "1" + String(repeating: close, count: units)
      #expect(JSONSamples.fault(Array(deepest.utf8)) == nil)
      #expect(JSONSamples.fault(Array(("[" + deepest + "]").utf8))?.kind == .tooDeep)
      #expect(JSONSamples.walkFault(Array((#"{"k":"# + deepest + "}").utf8))?.kind == .tooDeep)
    }
    let empty = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
    #expect(JSONSamples.fault(Array(empty.utf8)) == JSONError(.tooDeep, at: 64))
    #expect(JSONSamples.fault(Array(repeating: UInt8(ascii: "["), count: 100_000))?.kind == .tooDeep)
  }

  @Test func `large texts are read to their end`() throws {
    let mega = 1 << 20
    let string = "\"" + String(repeating: "x", count: mega) + "\""
    #expect(JSONSamples.fault(Array(string.utf8)) == nil)
    let number = "-" + String(repeating: "7", count: mega) + ".5"
    #expect(JSONSamples.fault(Array(number.utf8)) == nil)
    #expect(JSONSamples.fault(Array((string.dropLast() + "\u{1}\"").utf8)) == JSONError(.badString, at: mega + 1))
    let array = Array(("[" + Array(repeating: "1", count: 100_000).joined(separator: ",") + "]").utf8)
    let value = try Scanner.whole(array.span)
    #expect(value.elements == 100_000)
  }

  @Test(arguments: [
    ("[]", 0), ("[1]", 1), ("[[1,2],[3]]", 2), (#"{"a":[1,2,3],"b":{}}"#, 2), ("{}", 0), ("\"[,]\"", 0),
  ])
  func `the elements of a value are those of its outermost level`(_ text: String, _ count: Int) throws {
    let json = Array(text.utf8)
    let value = try Scanner.whole(json.span)
    #expect(Int(value.elements) == count)
    #expect(value.slice == Slice(start: 0, count: json.count))
  }

  @Test func `a fault says what was expected, and where`() {
    let sentences = [
      #"{"a":1 "b":2}"#: "a comma or } was expected at byte 7",
      "[1 2]": "a comma or ] was expected at byte 3",
      #"{"a" 1}"#: "a colon was expected at byte 5",
      "{1:2}": "a key in quotes was expected at byte 1",
      #"{"a":}"#: "a value was expected at byte 5",
      #"{"a":1"#: "the text ends at byte 6, where a comma or } was expected",
      "  ": "the text is empty",
    ]
    for (text, sentence) in sentences {
      #expect(JSONSamples.fault(Array(text.utf8))?.description == sentence)
    }
    for kind in JSONError.Kind.allCases { #expect(!JSONError(kind, at: 1).description.isEmpty) }
    #expect(JSONSamples.walkFault(Array("[1]".utf8))?.description == "an object was expected at byte 0")
  }

  /// Foundation and the grammar part company in known places, which are left out: text that it takes for
  /// UTF-16 or UTF-32 because of zero bytes, lone surrogates, and numbers that are too large for a `Double`,
  /// which it refuses.
  @Test func `Foundation agrees on random texts, whole and damaged`() {
    var maker = JSONMaker(20_251)
    let alphabet = Array(#"{}[]:,"\ntrue019-+.eE u/"#.utf8)
    var valid = 0
    for round in 0..<3000 {
      var json = Array((maker.space() + maker.value(depth: 3) + maker.space()).utf8)
      for _ in 0..<(round % 3) where !json.isEmpty {
        let place = Int.random(in: 0..<json.count, using: &maker.chance)
        switch Int.random(in: 0..<3, using: &maker.chance) {
        case 0: json.remove(at: place)
        case 1: json.insert(alphabet.randomElement(using: &maker.chance)!, at: place)
        default: json[place] = alphabet.randomElement(using: &maker.chance)!
        }
      }
      let text = String(decoding: json, as: UTF8.self)
      if round % 3 != 0, text.contains("\\ud") { continue }
      if text.contains(/[eE]\+?[0-9]{3}/) { continue }
      let theirs = try? JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed)
      let ours = JSONSamples.fault(json)
      if ours == nil { valid += 1 }
      #expect((theirs != nil) == (ours == nil), "\(text.debugDescription): \(ours?.description ?? "valid")")
    }
    #expect(valid > 1000 && valid < 2900)
  }
}
