import Foundation
import Testing

@testable import Gateway

struct JSONTextTests {
  private func value(_ text: String) throws -> (JSONValue, [UInt8]) {
    let json = Array(text.utf8)
    return (try Scanner.whole(json.span), json)
  }

  @Test(arguments: [
    (#""""#, ""), (#""abc""#, "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""a\u0041b""#, "aAb"),
    (#""\u00e9\u6f22\ud83d\ude00""#, "é漢😀"), (#""é漢😀""#, "é漢😀"), (#""\u0000x""#, "\0x"),
    (#""\ud800""#, "\u{fffd}"), (#""\udc00""#, "\u{fffd}"), (#""\ud800\ud800""#, "\u{fffd}\u{fffd}"),
    (#""\ud800x""#, "\u{fffd}x"), (#""\ud800\n""#, "\u{fffd}\n"), (#""\ud800\u0041""#, "\u{fffd}A"),
    (#""\udc00\ud83d\ude00""#, "\u{fffd}😀"), (#""tail\\""#, "tail\\"), (#""\\u0041""#, "\\u0041"),
    (#""\uD83D\uDE00\n\n""#, "😀\n\n"), (#""\u07ff\u0800\uffff""#, "\u{7ff}\u{800}\u{ffff}"),
  ])
  func `a string is unescaped`(_ text: String, _ meaning: String) throws {
    let (value, json) = try value(text)
    #expect(value.string(in: json) == meaning)
  }

  @Test func `Foundation decodes random strings to the same text`() throws {
    var maker = JSONMaker(77)
    for _ in 0..<500 {
      let text = maker.string()
      let (value, json) = try value(text)
      let theirs = try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed) as? String
      #expect(value.string(in: json) == theirs, "\(text)")
    }
  }

  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("5", 5), ("-17", -17), ("9223372036854775807", Int64.max),
      ("-9223372036854775808", Int64.min),
      ("9223372036854775808", nil), ("-9223372036854775809", nil), ("5.0", nil), ("1e3", nil), ("\"5\"", nil),
      ("99999999999999999999", nil), ("18446744073709551616", nil), ("92233720368547758070", nil),
    ] as [(String, Int64?)])
  func `an integer is exact or nil`(_ text: String, _ number: Int64?) throws {
    let (value, json) = try value(text)
    #expect(value.integer(in: json) == number)
  }

  @Test(
    arguments: [
      ("0", 0), ("-0.5", -0.5), ("1e3", 1000), ("1.7976931348623157e308", 1.7976931348623157e308), ("1e999", nil),
      ("1e-999", 0), ("0.1", 0.1), ("true", nil),
    ] as [(String, Double?)])
  func `a number is the nearest double`(_ text: String, _ number: Double?) throws {
    let (value, json) = try value(text)
    #expect(value.double(in: json) == number)
  }

  @Test func `a number of 1024 bytes is read and a longer one is not`() throws {
    let digits = String(repeating: "0", count: JSONValue.numberBytesMax - 3)
    #expect(
      try {
        let (v, j) = try value("0." + digits + "1"); return v.double(in: j)
      }() == 0)
    #expect(
      try {
        let (v, j) = try value("0.0" + digits + "1"); return v.double(in: j)
      }() == nil)
  }

  @Test func `only strings have text and can equal one`() throws {
    let (number, json) = try value("12")
    #expect(number.string(in: json) == nil)
    #expect(!number.equals("12", in: json))
    let (word, text) = try value(#""us\u0065r""#)
    #expect(word.equals("user", in: text))
    #expect(!word.equals("use", in: text))
    #expect(!word.equals("users", in: text))
  }
}
