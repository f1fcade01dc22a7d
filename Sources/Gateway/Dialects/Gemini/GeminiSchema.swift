/// Converts Gemini's schemas, which are OpenAPI 3.0 with types in capitals, into JSON Schemas.
///
/// Source: Gemini API reference, "Schema". A JSON Schema stays unchanged. Each byte is read once, and only to the depth
/// limit of JSON.
struct GeminiSchema {
  /// The content of a keyword.
  private enum Content { case schema, schemas, list }

  private var out: [UInt8] = []

  /// Returns the JSON Schema for an object in valid JSON.
  static func jsonSchema(_ value: JSONValue, _ json: Span<UInt8>) -> [UInt8] {
    var schema = GeminiSchema()
    do throws(JSONError) {
      _ = try schema.write(.schema, at: Int(value.slice.start), json, depth: 1)
    } catch {
      return Array("{}".utf8)
    }
    return schema.out
  }

  /// Writes the value at an offset and returns the offset after it.
  private mutating func write(
    _ content: Content, at start: Int, _ json: Span<UInt8>, depth: Int
  ) throws(JSONError) -> Int {
    if depth < Scanner.depthMax {
      switch (content, json.byte(at: start)) {
      case (.schema, UInt8(ascii: "{")): return try writeSchema(at: start, json, depth)
      case (.schemas, UInt8(ascii: "{")): return try writeSchemas(at: start, json, depth)
      case (.list, UInt8(ascii: "[")): return try writeList(at: start, json, depth)
      default: break
      }
    }
    // Booleans, which are valid schemas, and unknown values.
    let value = try Scanner.value(in: json, at: start, depth: 0)
    out.append(json.bytes(value.slice))
    return value.end
  }

  /// Writes an object of schemas by name.
  private mutating func writeSchemas(at start: Int, _ json: Span<UInt8>, _ depth: Int) throws(JSONError) -> Int {
    var keys = KeyCursor(at: start)
    out.append("{")
    while let key = try keys.next(in: json) {
      append(key, json)
      keys.at = try write(.schema, at: keys.at, json, depth: depth + 1)
    }
    out.append("}")
    return keys.at
  }

  private mutating func writeList(at start: Int, _ json: Span<UInt8>, _ depth: Int) throws(JSONError) -> Int {
    var at = Scanner.skip(in: json, from: start + 1)
    out.append("[")
    while json.byte(at: at) != UInt8(ascii: "]") {
      if at >= json.count { throw JSONError(.unexpectedEnd, at: at) }
      Writer.separate(&out)
      at = Scanner.skip(in: json, from: try write(.schema, at: at, json, depth: depth + 1))
      if json.byte(at: at) == UInt8(ascii: ",") { at = Scanner.skip(in: json, from: at + 1) }
    }
    out.append("]")
    return at + 1
  }

  private mutating func writeSchema(at start: Int, _ json: Span<UInt8>, _ depth: Int) throws(JSONError) -> Int {
    var keys = KeyCursor(at: start)
    var nulls = Nulls()
    out.append("{")
    while let key = try keys.next(in: json) {
      if key.keyEquals("nullable", in: json) {
        let value = try Scanner.value(in: json, at: keys.at, depth: 0)
        nulls.areAllowed = value.kind == .true
        keys.at = value.end
      } else if let (name, content) = Self.nested(key, json) {
        append(name: name)
        let isList = json.byte(at: keys.at) == UInt8(ascii: "[")
        let start = out.count
        keys.at = try write(content, at: keys.at, json, depth: depth + 1)
        // An empty list has nothing beside which null could be.
        if name.utf8CodeUnitCount == 5, content == .list, isList, out.count > start + 2 {
          nulls.union = out.count - 1
        }
      } else {
        let value = try Scanner.value(in: json, at: keys.at, depth: 0)
        keys.at = value.end
        write(key, value, &nulls, json)
      }
    }
    nulls.allow(in: &out)
    out.append("}")
    return keys.at
  }

  /// Writes a keyword without nested schemas.
  private mutating func write(_ key: Member, _ value: JSONValue, _ nulls: inout Nulls, _ json: Span<UInt8>) {
    if key.keyEquals("type", in: json), value.kind == .string {
      if value.equals("TYPE_UNSPECIFIED", in: json) { return }
      append(key, json)
      nulls.type = out.count..<out.count + Int(value.slice.count)
      for offset in value.slice.range { out.append(Self.lower(json[offset])) }
    } else if key.isNamed("propertyOrdering", or: "property_ordering", in: json)
      || key.keyEquals("example", in: json)
      || (key.keyEquals("format", in: json) && value.equals("enum", in: json))
    {
      // Other dialects do not have these.
      return
    } else if let name = Self.limit(key, json) {
      append(name: name)
      out.append(json.bytes(Self.number(value, json)))
    } else {
      append(key, json)
      out.append(json.bytes(value.slice))
      if key.keyEquals("enum", in: json), value.kind == .array {
        nulls.choices = out.count - 1
        nulls.hasChoices = value.elements > 0
      }
    }
  }

  // MARK: Keywords

  private static func lower(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }

  /// Returns the JSON Schema name of a keyword with nested schemas, and its content.
  private static func nested(_ key: Member, _ json: Span<UInt8>) -> (StaticString, Content)? {
    if key.keyEquals("properties", in: json) { return ("properties", .schemas) }
    if key.keyEquals("items", in: json) { return ("items", .schema) }
    if key.isNamed("anyOf", or: "any_of", in: json) { return ("anyOf", .list) }
    if key.keyEquals("$defs", in: json) { return ("$defs", .schemas) }
    if key.keyEquals("definitions", in: json) { return ("definitions", .schemas) }
    if key.isNamed("additionalProperties", or: "additional_properties", in: json) {
      return ("additionalProperties", .schema)
    }
    if key.isNamed("prefixItems", or: "prefix_items", in: json) { return ("prefixItems", .list) }
    if key.isNamed("oneOf", or: "one_of", in: json) { return ("oneOf", .list) }
    if key.isNamed("allOf", or: "all_of", in: json) { return ("allOf", .list) }
    return nil
  }

  /// Returns the JSON Schema name of a keyword with a count.
  private static func limit(_ key: Member, _ json: Span<UInt8>) -> StaticString? {
    if key.isNamed("minItems", or: "min_items", in: json) { return "minItems" }
    if key.isNamed("maxItems", or: "max_items", in: json) { return "maxItems" }
    if key.isNamed("minLength", or: "min_length", in: json) { return "minLength" }
    if key.isNamed("maxLength", or: "max_length", in: json) { return "maxLength" }
    if key.isNamed("minProperties", or: "min_properties", in: json) { return "minProperties" }
    if key.isNamed("maxProperties", or: "max_properties", in: json) { return "maxProperties" }
    return nil
  }

  /// Returns the position of a count's number. Protocol buffers write large integers as strings.
  private static func number(_ value: JSONValue, _ json: Span<UInt8>) -> Slice {
    guard value.kind == .string, value.slice.count > 2, value.slice.count < 20 else { return value.slice }
    let inside = Slice(start: Int(value.slice.start) + 1, count: Int(value.slice.count) - 2)
    if inside.count > 1, json[Int(inside.start)] == UInt8(ascii: "0") { return value.slice }
    for offset in inside.range where json[offset] < UInt8(ascii: "0") || json[offset] > UInt8(ascii: "9") {
      return value.slice
    }
    return inside
  }

  private mutating func append(_ key: Member, _ json: Span<UInt8>) {
    Writer.separate(&out)
    out.append(UInt8(ascii: "\""))
    out.append(json.bytes(key.key))
    out.append("\":")
  }

  private mutating func append(name: StaticString) { Writer.key(name, to: &out) }

  /// The positions at which a schema must allow null, if it does.
  private struct Nulls {
    var areAllowed = false
    /// The value of `type`.
    var type: Range<Int>?
    /// The closing brackets of `enum` and of `anyOf`.
    var choices: Int?
    var union: Int?
    var hasChoices = false

    func allow(in out: inout [UInt8]) {
      guard areAllowed else { return }
      var pieces: [(at: Int, text: StaticString)] = []
      if let type { pieces += [(type.lowerBound, "["), (type.upperBound, ",\"null\"]")] }
      if let choices { pieces.append((choices, hasChoices ? ",null" : "null")) }
      if let union { pieces.append((union, ",{\"type\":\"null\"}")) }
      pieces.sort { $0.at > $1.at }
      for piece in pieces {
        var bytes: [UInt8] = []
        bytes.append(piece.text)
        out.insert(contentsOf: bytes, at: piece.at)
      }
    }
  }

  /// Iterates over the keys of an object. The caller reads the values.
  private struct KeyCursor {
    /// The current offset: after the opening brace, and then at the last key's value. The reader of the value moves it
    /// past the value.
    var at: Int

    init(at brace: Int) { at = brace + 1 }

    /// Returns the next key, or `nil` at the end, with `at` after the closing brace.
    mutating func next(in json: Span<UInt8>) throws(JSONError) -> Member? {
      at = Scanner.skip(in: json, from: at)
      if json.byte(at: at) == UInt8(ascii: ",") { at = Scanner.skip(in: json, from: at + 1) }
      if json.byte(at: at) == UInt8(ascii: "}") {
        at += 1
        return nil
      }
      let start = at + 1
      var end = 0
      var hasEscapes = false
      at = try Scanner.key(in: json, at: at, end: &end, hasEscapes: &hasEscapes)
      let nothing = JSONValue(.null, start: at, end: at)
      return Member(key: Slice(start: start, count: end - start), keyHasEscapes: hasEscapes, value: nothing)
    }
  }
}
