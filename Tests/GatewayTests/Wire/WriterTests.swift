import Testing

@testable import Gateway

struct WriterTests {
  private func written(_ write: (inout [UInt8]) -> Void) -> String {
    var out: [UInt8] = []
    write(&out)
    return String(decoding: out, as: UTF8.self)
  }

  @Test(arguments: [
    ("", #""""#), ("plain", #""plain""#), ("\"\\/", #""\"\\/""#), ("\u{8}\t\n\u{c}\r", #""\b\t\n\f\r""#),
    ("\0\u{1}\u{1f}\u{7f}", "\"\\u0000\\u0001\\u001f\u{7f}\""), ("é漢😀\u{2028}", "\"é漢😀\u{2028}\""),
    ("0123456789012345678901234567890123456789\"é\n", "\"0123456789012345678901234567890123456789\\\"é\\n\""),
  ])
  func `text is escaped only as the grammar requires`(_ text: String, _ json: String) {
    #expect(written { Writer.append(text, to: &$0) } == json)
  }

  @Test func `a written string parses back to the same text`() throws {
    var chance = Seeded(5)
    for _ in 0..<500 {
      var text = ""
      for _ in 0..<Int.random(in: 0...40, using: &chance) {
        let value = UInt32.random(in: 0...(Bool.random(using: &chance) ? 0x7f : 0x10ffff), using: &chance)
        if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
      }
      var json: [UInt8] = []
      Writer.append(text, to: &json)
      #expect(try Scanner.whole(json).string(in: json) == text)
    }
  }

  @Test func `bytes that are not UTF-8 are repaired as the standard library does`() throws {
    for bytes in JSONSamples.malformed {
      for padding in [0, 1, 7, 40] {
        let text = Array(repeating: UInt8(ascii: "x"), count: padding) + bytes + Array("é".utf8) + bytes
        var json: [UInt8] = []
        Writer.append(string: text.span, to: &json)
        #expect(try Scanner.whole(json).string(in: json) == String(decoding: text, as: UTF8.self), "\(bytes)")
      }
    }
  }

  @Test func `members are separated by commas`() {
    let json = written {
      Writer.append(raw: "{", to: &$0)
      Writer.member("a", "x", to: &$0)
      Writer.member("b", -12, to: &$0)
      Writer.key("c", to: &$0)
      Writer.append(raw: "[", to: &$0)
      for number in 0..<3 {
        Writer.separate(&$0)
        Writer.append(number, to: &$0)
      }
      Writer.append(raw: "]", to: &$0)
      Writer.key("d", to: &$0)
      Writer.append(raw: "{", to: &$0)
      Writer.member("e", true, to: &$0)
      Writer.append(raw: "}", to: &$0)
      Writer.member("f", raw: Array("null".utf8).span, to: &$0)
      Writer.append(raw: "}", to: &$0)
    }
    #expect(json == #"{"a":"x","b":-12,"c":[0,1,2],"d":{"e":true},"f":null}"#)
  }

  @Test(arguments: [(0.5, "0.5"), (-1e300, "-1e+300"), (.infinity, "null"), (.nan, "null"), (1e-7, "1e-07")])
  func `a double is a number of the grammar or null`(_ number: Double, _ json: String) {
    let text = written { Writer.append(number, to: &$0) }
    #expect(text == json)
    #expect(JSONSamples.scanError(Array(text.utf8)) == nil)
  }

  @Test(arguments: [Int.min, -1, 0, 10, Int.max])
  func `an integer is written in full`(_ number: Int) {
    #expect(written { Writer.append(number, to: &$0) } == String(number))
  }
}
