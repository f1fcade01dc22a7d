// Collects the members of a request that a response object repeats.

extension ResponsesRequestReader {
  /// The most bytes of the echo, which is in three events of every stream.
  static let echoBytesMax = 64 * 1024

  /// Returns the members that a response object repeats, each after a comma, with OpenAI's defaults for missing ones.
  /// Members that exceed the size limit count as missing, and only the names of tools are repeated.
  ///
  /// Source: OpenAI API reference, "The response object". `store` is always false. The echo contains no line feed,
  /// which would end a line of an event.
  static func echo(_ json: Span<UInt8>) -> [UInt8] {
    let members = members(json)
    var echo = Echo(left: echoBytesMax)
    echo.add("instructions", members, [.string], "null", json)
    echo.add("max_output_tokens", members, [.number], "null", json)
    echo.add("max_tool_calls", members, [.number], "null", json)
    echo.add("metadata", members, [.object], "{}", json)
    echo.add("parallel_tool_calls", members, [.true, .false], "true", json)
    echo.add("previous_response_id", [], [], "null", json)
    echo.add("prompt_cache_key", members, [.string], "null", json)
    echo.add("reasoning", members, [.object], "{\"effort\":null,\"summary\":null}", json)
    echo.add("safety_identifier", members, [.string], "null", json)
    echo.add("store", [], [], "false", json)
    echo.add("temperature", members, [.number], "1.0", json)
    echo.add("text", members, [.object], "{\"format\":{\"type\":\"text\"}}", json)
    echo.add("tool_choice", members, [.string, .object], "\"auto\"", json)
    echo.addTools(members.value("tools", in: json), json)
    echo.add("top_logprobs", members, [.number], "0", json)
    echo.add("top_p", members, [.number], "1.0", json)
    echo.add("truncation", members, [.string], "\"disabled\"", json)
    echo.add("user", members, [.string], "null", json)
    return echo.bytes
  }

  private struct Echo {
    private(set) var bytes: [UInt8] = []
    /// The bytes that the caller's values may still use.
    var left: Int

    init(left: Int) { self.left = left }

    mutating func add(
      _ name: StaticString, _ members: [Member], _ kinds: [JSONKind], _ usual: StaticString, _ json: Span<UInt8>
    ) {
      write(name)
      if let value = members.value(name, in: json), kinds.contains(value.kind), Int(value.slice.count) <= left {
        write(json.bytes(value.slice))
      } else {
        bytes.append(usual)
      }
    }

    mutating func addTools(_ value: JSONValue?, _ json: Span<UInt8>) {
      write("tools")
      guard let value, value.kind == .array else { return bytes.append("[]") }
      if Int(value.slice.count) <= left { return write(json.bytes(value.slice)) }
      var names: [UInt8] = []
      Echo.appendNames(value, isNested: false, json, to: &names)
      if names.count <= left { write(names.span) } else { bytes.append("[]") }
    }

    private mutating func write(_ name: StaticString) {
      bytes.append(",\"")
      bytes.append(name)
      bytes.append("\":")
    }

    /// Appends a value without white space between its tokens.
    private mutating func write(_ value: Span<UInt8>) {
      let before = bytes.count
      var isInString = false
      var isEscaped = false
      for index in value.indices {
        let byte = value[index]
        if isInString {
          if !isEscaped, byte == UInt8(ascii: "\"") { isInString = false }
          isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        } else if byte == UInt8(ascii: "\"") {
          isInString = true
        } else if byte <= 0x20 {
          continue
        }
        bytes.append(byte)
      }
      left -= bytes.count - before
    }

    /// Appends functions and namespaces, with only the members that the object's type requires.
    private static func appendNames(
      _ tools: JSONValue, isNested: Bool, _ json: Span<UInt8>, to out: inout [UInt8]
    ) {
      out.append("[")
      for element in JSONLists.elements(of: tools, in: json) {
        let tool = JSONLists.members(of: element, in: json)
        guard let name = tool.value("name", in: json), let type = tool.value("type", in: json) else { continue }
        let inner = tool.value("tools", in: json)
        let isNamespace = !isNested && type.equals("namespace", in: json) && inner?.kind == .array
        guard name.kind == .string, isNamespace || type.equals("function", in: json) else { continue }
        Writer.separate(&out)
        out.append("{\"type\":")
        out.append(isNamespace ? "\"namespace\"" : "\"function\"" as StaticString)
        out.append(",\"name\":")
        out.append(json.bytes(name.slice))
        if let inner, isNamespace {
          out.append(",\"description\":\"\",\"tools\":")
          appendNames(inner, isNested: true, json, to: &out)
        } else {
          out.append(",\"parameters\":null,\"strict\":null")
        }
        out.append("}")
      }
      out.append("]")
    }
  }
}
