/// A JSON value that a habit can change, and that is written in more than one style.
indirect enum JSONTree: Equatable, Sendable {
  case object([Member])
  case array([JSONTree])
  case text(String)
  /// A number or a literal, as it is written.
  case raw(String)

  struct Member: Equatable, Sendable {
    var key: String
    var value: JSONTree
  }

  static let null = JSONTree.raw("null")
  static func number(_ value: Int) -> JSONTree { .raw(String(value)) }
  static func make(_ members: KeyValuePairs<String, JSONTree>) -> JSONTree {
    .object(members.map { Member(key: $0.key, value: $0.value) })
  }

  /// The value of a member; setting `nil` removes it.
  subscript(key: String) -> JSONTree? {
    get {
      guard case .object(let members) = self else { return nil }
      return members.first { $0.key == key }?.value
    }
    set {
      guard case .object(var members) = self else { return }
      let index = members.firstIndex { $0.key == key }
      if let newValue {
        if let index { members[index].value = newValue } else { members.append(Member(key: key, value: newValue)) }
      } else if let index {
        members.remove(at: index)
      }
      self = .object(members)
    }
  }

  /// The elements of an array; empty for other values.
  var elements: [JSONTree] {
    get { if case .array(let elements) = self { elements } else { [] } }
    set { self = .array(newValue) }
  }

  /// Changes the values along a path of keys; `*` stands for every element of an array.
  mutating func change(_ path: [String], _ body: (inout JSONTree) -> Void) {
    guard let first = path.first else { return body(&self) }
    let rest = Array(path.dropFirst())
    if first == "*" {
      guard case .array(var elements) = self else { return }
      for index in elements.indices { elements[index].change(rest, body) }
      self = .array(elements)
    } else if var value = self[first] {
      value.change(rest, body)
      self[first] = value
    }
  }

  struct Style {
    var isSpaced = false
    var escapesAll = false
  }

  func written(_ style: Style) -> String {
    let (comma, colon) = style.isSpaced ? (" , ", " : ") : (",", ":")
    switch self {
    case .object(let members):
      let inside = members.map { Self.quoted($0.key, Style()) + colon + $0.value.written(style) }
      return "{" + inside.joined(separator: comma) + "}"
    case .array(let elements): return "[" + elements.map { $0.written(style) }.joined(separator: comma) + "]"
    case .text(let text): return Self.quoted(text, style)
    case .raw(let raw): return raw
    }
  }

  private static func quoted(_ text: String, _ style: Style) -> String {
    if style.escapesAll { return "\"" + text.utf16.map(escaped).joined() + "\"" }
    return "\""
      + text.unicodeScalars.map { $0.value < 0x5d ? escaped(UInt16($0.value), isPlain: true) : String($0) }.joined()
      + "\""
  }

  private static func escaped(_ unit: UInt16) -> String { escaped(unit, isPlain: false) }

  private static func escaped(_ unit: UInt16, isPlain: Bool) -> String {
    switch unit {
    case 0x22: "\\\""
    case 0x5c: "\\\\"
    case 0x0a where isPlain: "\\n"
    case 0x20... where isPlain: String(UnicodeScalar(UInt8(unit)))
    default: escape(unit)
    }
  }

  private static func escape(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}
