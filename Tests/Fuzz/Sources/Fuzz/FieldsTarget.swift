@testable import Gateway
@testable import HTTPText

/// Single parts of a request head. The first byte selects the part, which follows it.
enum FieldsTarget {
  static func run(_ input: Span<UInt8>) {
    guard input.count >= 2 else { return }
    let bytes = input.behind(1)
    switch input[0] & 3 {
    case 0: authority(bytes)
    case 1: target(bytes, .get)
    case 2: target(bytes, input[0] & 4 == 0 ? .options : .connect)
    default: field(bytes)
    }
  }

  private static func authority(_ bytes: Span<UInt8>) {
    guard let authority = Authority.read(0..<bytes.count, in: bytes) else { return }
    check(authority, 0..<bytes.count, bytes)
    expect(authority.isSame(as: authority, in: bytes), "an authority is the same as itself")
  }

  private static func check(_ authority: Authority, _ range: Range<Int>, _ bytes: Span<UInt8>) {
    let name = authority.name.range
    expect(
      name.lowerBound == range.lowerBound && name.upperBound <= range.upperBound, "a name begins its authority")
    expect((1...Authority.nameBytesMax).contains(name.count), "a name has a bound")
    for index in name { expect(bytes[index] > 0x20 && bytes[index] < 0x7f && bytes[index] != 0x40, "a plain name") }
    guard let port = authority.port else {
      expect(name.upperBound == range.upperBound, "a name fills its authority")
      return
    }
    let digits = bytes.extracting(name.upperBound + 1..<range.upperBound).text
    expect(bytes[name.upperBound] == UInt8(ascii: ":") && Int(digits) == Int(port) && port > 0, "a port")
  }

  private static func target(_ bytes: Span<UInt8>, _ method: RequestHead.Method) {
    // The head reader rejects everything else.
    for index in bytes.indices where bytes[index] <= 0x20 || bytes[index] >= 0x7f { return }
    guard let target = try? RequestTarget.read(0..<bytes.count, method: method, in: bytes) else { return }
    expect(bytes.holds(target.path) && bytes.holds(target.query), "a slice lies inside the target")
    if let authority = target.authority {
      let start = method == .connect ? 0 : "http://".utf8.count
      var end = start
      while end < bytes.count, !"/?#".utf8.contains(bytes[end]) { end += 1 }
      check(authority, start..<end, bytes)
    }
    guard method != .connect else { return }
    let path = decoded(bytes.bytes(target.path))
    let query = decoded(bytes.bytes(target.query))
    expect(path?.first == UInt8(ascii: "/") || path == [UInt8(ascii: "*")], "a path begins with a slash")
    guard let path, let query else { fail("every escape is complete") }
    expect(String(validating: path, as: UTF8.self) != nil, "a path is UTF-8")
    expect(String(validating: query, as: UTF8.self) != nil && !query.contains(0), "a query is UTF-8 without NUL")
    for byte in path { expect(byte >= 0x20 && byte != 0x7f, "a path has no control character") }
    for segment in path.split(omittingEmptySubsequences: false, whereSeparator: { $0 == 0x2f || $0 == 0x5c }) {
      expect(segment != [0x2e] && segment != [0x2e, 0x2e], "a path climbs nowhere")
    }
  }

  private static func decoded(_ text: Span<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    var index = 0
    while index < text.count {
      if text[index] == UInt8(ascii: "%") {
        guard index + 2 < text.count else { return nil }
        guard let byte = UInt8(text.extracting(index + 1..<index + 3).text, radix: 16) else { return nil }
        out.append(byte)
        index += 3
      } else {
        out.append(text[index])
        index += 1
      }
    }
    return out
  }

  private static func field(_ bytes: Span<UInt8>) {
    // The head reader rejects everything else.
    for index in bytes.indices where bytes[index].isForbiddenControl { return }
    guard let line = try? FieldLine.read(0..<bytes.count, in: bytes) else { return }
    expect(line.name.lowerBound == 0 && !line.name.isEmpty, "a name begins its line")
    expect(bytes[line.name.upperBound] == UInt8(ascii: ":"), "a colon ends a name")
    expect(
      line.value.lowerBound > line.name.upperBound && line.value.upperBound <= bytes.count, "a value is behind")
    for index in line.name.upperBound + 1..<bytes.count where !line.value.contains(index) {
      expect(bytes[index] == 0x20 || bytes[index] == 0x09, "only blanks are cut off a value")
    }
    if let first = line.value.first, let last = line.value.last {
      expect(!bytes[first].isBlank && !bytes[last].isBlank, "no blanks at the ends of a value")
    }
    let name = FieldName.named(bytes.extracting(line.name))
    let text = bytes.extracting(line.name).text
    expect(name == .other || name.rawValue == text.lowercased(), "a name is its field's")

    var head = RequestHead()
    var seen = SeenFields()
    do throws(HeadError) {
      try seen.take(line, in: bytes, for: &head)
      try seen.resolve(&head, in: bytes)
      expect(name == .host, "a head needs a host")
    } catch {
      expect(!error.apiError.message.isEmpty, "a fault says what to change")
    }
    if case .length(let length) = head.framing {
      expect(Int(bytes.extracting(line.value).text) == length, "a length is its digits")
    }
  }
}
