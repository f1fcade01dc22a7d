/// The schemas of tools, which providers want to be those of objects.
enum ToolSchema {
  /// Appends a schema with the `type` that callers may omit, and with `properties` if the provider requires them.
  static func append(_ schema: RawJSON?, requiresProperties: Bool, _ json: Span<UInt8>, to out: inout [UInt8]) {
    let bytes = schema?.bytes(in: json) ?? Array("{}".utf8)
    let members = JSONLists.members(of: JSONValue(.object, start: 0, end: bytes.count), in: bytes.span)
    let type = members.value("type", in: bytes.span)
    let isObject = type.map { $0.equals("object", in: bytes.span) } ?? true
    out.append("{")
    if type == nil { out.append("\"type\":\"object\"") }
    if requiresProperties, isObject, members.value("properties", in: bytes.span) == nil {
      Writer.key("properties", to: &out)
      out.append("{}")
    }
    if !members.isEmpty { Writer.separate(&out) }
    out.append(bytes.span.extracting((Scanner.skip(in: bytes.span, from: 0) + 1)...))
  }
}
