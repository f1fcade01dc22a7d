@testable import Gateway

/// Texts for the scanner, derived from the grammar of RFC 8259.
enum JSONSamples {
  /// Valid texts.
  static let valid: [String] = [
    "null", "true", "false", "0", "-0", "1", "-1", "10", "1.0", "0.5", "-0.0", "1e1", "1E1", "1e+1", "1e-1", "0e0",
    "123456789012345678901234567890", "1.5e300", "1e999999", "-1.25E-07", "\"\"", "\"a\"", "\" \"", "[]", "{}",
    "[ ]",
    "{ }", " [] ", "\t\r\n{}\n", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[{}]", "[[],[]]", "{\"a\":1}", "{\"\":\"\"}",
    "{ \"a\" : 1 }", "{\"a\":1,\"b\":[]}", "{\"a\":{\"b\":{\"c\":[true,false,null]}}}", "[null,\"x\",-1.5e-3]",
    #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\u00e9\u00E9""#, #""\ud83d\ude00""#, #""\uD83D\uDE00""#, #""\ud800""#,
    #""\udc00\ud800""#, #""\ud800\u0041""#, #""\ud800\n""#, "\"\u{7f}\"", "\"\u{80}\"", "\"é\"", "\"漢字\"", "\"😀\"",
    "\"\u{ffff}\u{10ffff}\"", "\"\u{2028}\u{2029}\"", "\"\u{feff}\"", "{\"é\":\"😀 and plain text behind it\"}",
    "\"0123456\"", "\"01234567\"", "\"0123456789abcdef0123456789abcdef\"", "[\"01234567\",\"012345678\"]",
    "{\"a\":\"0123456789012345678901234567890123456789\\n0123456789012345678901234567890123456789é\"}",
  ]

  /// Invalid texts, with the kind of error.
  static let invalid: [(text: String, kind: JSONError.Kind)] = [
    ("", .empty), (" ", .empty), ("\n\t\r ", .empty),
    ("\u{feff}1", .badUTF8), ("\u{feff}", .badUTF8), ("\u{a0}1", .unexpectedByte), ("\u{c}1", .unexpectedByte),
    ("\u{b}1", .unexpectedByte), ("\0", .unexpectedByte), ("1\0", .trailingBytes),
    ("nul", .unexpectedEnd), ("nulL", .unexpectedByte), ("tru", .unexpectedEnd), ("True", .unexpectedByte),
    ("fals", .unexpectedEnd), ("falsy", .unexpectedByte), ("nan", .unexpectedByte), ("NaN", .unexpectedByte),
    ("Infinity", .unexpectedByte), ("truefalse", .trailingBytes), ("nullx", .trailingBytes),
    ("01", .badNumber), ("-01", .badNumber), ("00", .badNumber), ("-", .unexpectedEnd), ("-a", .badNumber),
    ("+1", .unexpectedByte), (".5", .unexpectedByte), ("1.", .unexpectedEnd), ("1.a", .badNumber),
    ("1.e1", .badNumber), ("1e", .unexpectedEnd), ("1e+", .unexpectedEnd), ("1ex", .badNumber),
    ("1e1.5", .trailingBytes),
    ("--1", .badNumber), ("0x10", .trailingBytes), ("1_000", .trailingBytes), ("1 2", .trailingBytes),
    ("-Infinity", .badNumber), ("1e++1", .badNumber), ("[1.]", .badNumber), ("[-]", .badNumber),
    ("\"", .unexpectedEnd), ("\"a", .unexpectedEnd), ("'a'", .unexpectedByte), ("\"a\nb\"", .badString),
    ("\"\t\"", .badString), ("\"\0\"", .badString), ("\"\u{1f}\"", .badString), ("\"0123456789\u{1}\"", .badString),
    (#""\a""#, .badEscape), (#""\x41""#, .badEscape), (#""\U0041""#, .badEscape), (#""\u004""#, .badEscape),
    (#""\u00g0""#, .badEscape), (#""\u""#, .badEscape), (#""\u+041""#, .badEscape), (#""\"#, .badEscape),
    (#""\""#, .unexpectedEnd), (#""\'""#, .badEscape), (#""\0""#, .badEscape), ("\"\\\n\"", .badEscape),
    (#""\u 041""#, .badEscape), (#""\ud800\u""#, .badEscape),
    ("[", .unexpectedEnd), ("[1", .unexpectedEnd), ("[1,", .unexpectedEnd), ("[1,]", .unexpectedByte),
    ("[,1]", .unexpectedByte), ("[,]", .unexpectedByte), ("[1,,2]", .unexpectedByte), ("[1 2]", .unexpectedByte),
    ("]", .unexpectedByte), ("[]]", .trailingBytes), ("[1}", .unexpectedByte), ("[1:2]", .unexpectedByte),
    ("[[1]", .unexpectedEnd), ("[\"a\"", .unexpectedEnd), ("[1;2]", .unexpectedByte),
    ("[\u{2028}]", .unexpectedByte),
    ("{", .unexpectedEnd), ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd), ("{\"a\":1", .unexpectedEnd),
    ("{\"a\":1,", .unexpectedEnd), ("{\"a\":1,}", .unexpectedByte), ("{,\"a\":1}", .unexpectedByte),
    ("{a:1}", .unexpectedByte), ("{'a':1}", .unexpectedByte), ("{1:1}", .unexpectedByte),
    ("{\"a\" 1}", .unexpectedByte),
    ("{\"a\",1}", .unexpectedByte), ("{\"a\"}", .unexpectedByte), ("{\"a\"::1}", .unexpectedByte),
    ("{\"a\":1 \"b\":2}", .unexpectedByte), ("{\"a\":1]", .unexpectedByte), ("}", .unexpectedByte),
    ("{}}", .trailingBytes), ("{\"a\":}", .unexpectedByte), ("{null:1}", .unexpectedByte),
    ("{[]:1}", .unexpectedByte),
    ("{\"a\":1,,\"b\":2}", .unexpectedByte), ("// x\n1", .unexpectedByte), ("1 // x", .trailingBytes),
    ("/**/1", .unexpectedByte), ("[1]/**/", .trailingBytes), ("{}{}", .trailingBytes), (",", .unexpectedByte),
  ]

  /// Bytes inside a string that are not UTF-8.
  static let malformed: [[UInt8]] = [
    [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x41], [0xc2, 0xc2], [0xe0, 0x80, 0x80],
    [0xe0, 0x9f, 0xbf], [0xe1, 0x80], [0xe1, 0x80, 0x41], [0xe1, 0x41, 0x80], [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
    [0xf0, 0x80, 0x80, 0x80], [0xf0, 0x8f, 0xbf, 0xbf], [0xf0, 0x90, 0x80], [0xf1, 0x80, 0x80, 0x41],
    [0xf1, 0x80, 0x41, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xfe], [0xff], [0xef, 0xbf], [0xc3, 0xa9, 0xa9],
  ]

  /// Returns the error in the whole text, or nil.
  static func scanError(_ json: [UInt8]) -> JSONError? {
    do throws(JSONError) {
      _ = try Scanner.whole(json.span)
      return nil
    } catch { return error }
  }

  /// Returns the members of the object that fills the whole text.
  static func members(_ json: [UInt8], seed: UInt64 = 1) throws(JSONError) -> [Member] {
    var members: [Member] = []
    var cursor = try ObjectCursor(whole: json.span, seed: seed)
    while let member = try cursor.next(in: json.span) { members.append(member) }
    return members
  }

  /// Returns the error of a walk over the whole text, or nil.
  static func walkError(_ json: [UInt8]) -> JSONError? {
    do throws(JSONError) {
      _ = try members(json)
      return nil
    } catch { return error }
  }
}

/// A generator with reproducible random numbers.
typealias Seeded = SplitMix

extension SplitMix {
  init(_ seed: UInt64) { self.init(state: seed) }
}

/// Generates random JSON with unusual spacing, escapes, all forms of numbers, and characters of many scripts.
struct JSONMaker {
  var chance: Seeded

  init(_ seed: UInt64) { chance = Seeded(seed) }

  private static let pieces = [
    "a", "model", "0123456789", " ", "é", "漢", "😀", #"\n"#, #"\""#, #"\\"#, #"\/"#, #"\u0041"#, #"\u00e9"#,
    #"\ud83d\ude00"#, "{", "}", "[", "]", ":", ",", "the quick brown fox jumps over",
  ]
  private static let numbers = [
    "0", "-0", "7", "-12", "3.25", "1e3", "-1.5E-3", "12345678901234567890", "0.1e+2", "9007199254740993",
  ]

  mutating func space() -> String { ["", "", "", " ", "\n", "\t ", "\r\n  "].randomElement(using: &chance)! }

  /// Returns a string with its quotes.
  mutating func string() -> String {
    var text = "\""
    for _ in 0..<Int.random(in: 0...4, using: &chance) { text += Self.pieces.randomElement(using: &chance)! }
    return text + "\""
  }

  /// Returns a value of any kind with at most `depth` levels.
  mutating func value(depth: Int) -> String {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &chance) {
    case 0: return "null"
    case 1: return "true"
    case 2: return "false"
    case 3: return Self.numbers.randomElement(using: &chance)!
    case 4, 5: return string()
    case 6:
      var items: [String] = []
      for _ in 0..<Int.random(in: 0...4, using: &chance) {
        items.append(space() + value(depth: depth - 1) + space())
      }
      return "[" + (items.isEmpty ? space() : items.joined(separator: ",")) + "]"
    default: return object(members: Int.random(in: 0...4, using: &chance), depth: depth - 1)
    }
  }

  /// Returns an object with unique keys.
  mutating func object(members count: Int, depth: Int) -> String {
    var items: [String] = []
    for index in 0..<count {
      let key = #""k\#(index)"# + string().dropFirst()
      items.append(space() + key + space() + ":" + space() + value(depth: depth) + space())
    }
    return "{" + (items.isEmpty ? space() : items.joined(separator: ",")) + "}"
  }
}
