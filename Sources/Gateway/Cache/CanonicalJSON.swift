/// Writes JSON so that texts of the same value have the same bytes: without white space, with the members of objects in the
/// order of their names, and with strings unescaped. Numbers stay as they are written.
///
/// The result is no JSON. Each string has its length before it, so that two values never have the same bytes.
enum CanonicalJSON {
  /// Appends a value of a text that was checked as a whole, without some members of the outermost object.
  ///
  /// - Parameter joinsTexts: Whether a list of one part with a text is the same as the text.
  static func append(
    _ value: JSONValue, _ json: Span<UInt8>, omitting names: [StaticString] = [], joinsTexts: Bool = false,
    to out: inout [UInt8]
  ) {
    switch value.kind {
    case .object:
      var members: [(name: [UInt8], value: JSONValue)] = []
      for member in JSONLists.members(of: value, in: json)
      where !names.contains(where: { member.keyEquals($0, in: json) }) {
        members.append((name(of: member, json), member.value))
      }
      // A stable order, because the last of several members of a name counts.
      let order = members.indices.sorted { left, right in
        members[left].name == members[right].name
          ? left < right : members[left].name.lexicographicallyPrecedes(members[right].name)
      }
      out.append(UInt8(ascii: "{"))
      for index in order {
        let name = members[index].name
        append(text: name.span, to: &out)
        append(members[index].value, json, joinsTexts: joinsTexts, to: &out)
      }
      out.append(UInt8(ascii: "}"))
    case .array:
      let elements = JSONLists.elements(of: value, in: json)
      if joinsTexts, elements.count == 1, let text = text(of: elements[0], json) {
        return append(text, json, to: &out)
      }
      out.append(UInt8(ascii: "["))
      for element in elements { append(element, json, joinsTexts: joinsTexts, to: &out) }
      out.append(UInt8(ascii: "]"))
    case .string:
      var text: [UInt8] = []
      value.append(to: &text, from: json)
      append(text: text.span, to: &out)
    case .number:
      out.append(UInt8(ascii: "#"))
      out.append(json.bytes(value.slice))
      out.append(UInt8(ascii: ";"))
    case .true: out.append(UInt8(ascii: "t"))
    case .false: out.append(UInt8(ascii: "f"))
    case .null: out.append(UInt8(ascii: "n"))
    }
  }

  /// The text of a part that has nothing else.
  private static func text(of part: JSONValue, _ json: Span<UInt8>) -> JSONValue? {
    let members = JSONLists.members(of: part, in: json)
    guard members.count == 2, members.value("type", in: json)?.equals("text", in: json) == true,
      let text = members.value("text", in: json), text.kind == .string
    else { return nil }
    return text
  }

  private static func name(of member: Member, _ json: Span<UInt8>) -> [UInt8] {
    var name: [UInt8] = []
    // A key and a string have the same syntax.
    let text = JSONValue(
      .string, start: Int(member.key.start) - 1, end: member.key.range.upperBound + 1,
      hasEscapes: member.keyHasEscapes)
    text.append(to: &name, from: json)
    return name
  }

  /// Appends a number as it is in memory.
  static func append(number: UInt64, to out: inout [UInt8]) {
    for shift in stride(from: 56, through: 0, by: -8) { out.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// Appends a text with its length.
  static func append(text: Span<UInt8>, to out: inout [UInt8]) {
    out.append(decimal: text.count)
    out.append(UInt8(ascii: ":"))
    out.append(text)
  }
}
