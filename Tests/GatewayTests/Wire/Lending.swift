@testable import Gateway

// A span cannot pass through `#expect`: these functions borrow the bytes of an array for one call.

extension Scanner {
  static func whole(_ json: [UInt8]) throws(JSONError) -> JSONValue { try whole(json.span) }
}

extension Member {
  func keyEquals(_ name: StaticString, in json: [UInt8]) -> Bool { keyEquals(name, in: json.span) }
  func name(in json: [UInt8]) -> String { name(in: json.span) }
}

extension JSONValue {
  func string(in json: [UInt8]) -> String? { string(in: json.span) }
  func integer(in json: [UInt8]) -> Int64? { integer(in: json.span) }
  func double(in json: [UInt8]) -> Double? { double(in: json.span) }
  func equals(_ text: StaticString, in json: [UInt8]) -> Bool { equals(text, in: json.span) }
}

extension Search {
  static func firstIndex(of byte: UInt8, in bytes: [UInt8], from offset: Int) -> Int? {
    firstIndex(of: byte, in: bytes.span, from: offset)
  }
  static func index(of byte: UInt8, in bytes: [UInt8], from offset: Int) -> Int {
    index(of: byte, in: bytes.span, from: offset)
  }
  static func endOfLine(in bytes: [UInt8], from offset: Int) -> Int { endOfLine(in: bytes.span, from: offset) }
  static func endOfPlainText(in bytes: [UInt8], from offset: Int) -> Int {
    endOfPlainText(in: bytes.span, from: offset)
  }
  static func word(in bytes: [UInt8], at offset: Int, before end: Int) -> UInt64 {
    word(in: bytes.span, at: offset, before: end)
  }
}
