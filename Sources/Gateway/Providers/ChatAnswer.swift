/// Relays a whole chat completion: the upstream's bytes, with the model's name as the caller wrote it.
enum ChatAnswer {
  /// What was found in an answer.
  struct Found {
    var usage: Usage?
    /// The `choices` array.
    fileprivate var choices: Slice?
    fileprivate var usageValue: Slice?
  }

  /// Checks an upstream's body and appends what the caller gets.
  ///
  /// Throws `.malformed` for what is not a JSON object with `choices`, `.error` for an error object in a 200.
  static func relay(
    _ json: Span<UInt8>, modelToken: [UInt8], into out: inout [UInt8]
  ) throws(UpstreamFailure) -> Found {
    var edits = Splice()
    let found = try read(json, modelToken: modelToken, &edits)
    edits.apply(to: json, into: &out)
    return found
  }

  /// Appends the events of a stream that says the same as a whole answer, for a caller who asked for a stream.
  static func restream(
    _ json: Span<UInt8>, into out: inout [UInt8]
  ) throws(UpstreamFailure) {
    var edits = Splice()
    let found = try read(json, modelToken: [], &edits)
    guard let choices = found.choices else { throw .malformed("the answer has no choices") }
    do throws(JSONFault) {
      var elements = try ArrayCursor(in: json, at: Int(choices.start), depth: 2)
      while let element = try elements.next(in: json) {
        if element.kind != .object { continue }
        var members = try MemberCursor(in: json, at: Int(element.slice.start), depth: 3)
        out.append("data: {\"choices\":[{")
        var separator: StaticString = ""
        while let member = try members.next(in: json) {
          out.append(separator)
          separator = ","
          if member.keyEquals("message", in: json) {
            out.append("\"delta\"")
          } else {
            out.append(UInt8(ascii: "\""))
            out.append(json.bytes(member.key))
            out.append(UInt8(ascii: "\""))
          }
          out.append(":")
          out.append(json.bytes(member.value.slice))
        }
        out.append("}]}\n\n")
      }
      if let usage = found.usageValue {
        out.append("data: {\"choices\":[],\"usage\":")
        out.append(json.bytes(usage))
        out.append("}\n\n")
      }
      out.append("data: [DONE]\n\n")
    } catch {
      throw .malformed("the answer is not JSON: \(error.description)")
    }
  }

  private static func read(
    _ json: Span<UInt8>, modelToken: [UInt8], _ edits: inout Splice
  ) throws(UpstreamFailure) -> Found {
    var found = Found()
    var failure: UpstreamError?
    var brace = 0
    var hasModel = false
    do throws(JSONFault) {
      var members = try MemberCursor(whole: json)
      brace = members.offset - 1
      while let member = try members.next(in: json) {
        if member.keyEquals("model", in: json) {
          hasModel = true
          if !modelToken.isEmpty { edits.replace(member, with: modelToken.span) }
        } else if member.keyEquals("choices", in: json), member.value.kind == .array {
          found.choices = member.value.slice
        } else if member.keyEquals("error", in: json) {
          failure = try UpstreamErrorReader.value(member, json)
        } else if member.keyEquals("usage", in: json), member.value.kind == .object {
          found.usageValue = member.value.slice
          found.usage = try usage(member.value.slice, json)
        }
      }
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if let failure { throw .error(failure) }
    if found.choices == nil { throw .malformed("the answer has no choices") }
    if !hasModel, !modelToken.isEmpty {
      edits.insert("model", modelToken.span, intoObjectAt: brace)
    }
    return found
  }

  private static func usage(_ object: Slice, _ json: Span<UInt8>) throws(JSONFault) -> Usage {
    var usage = Usage(prompt: 0, completion: 0, source: .reported)
    var fields = try MemberCursor(in: json, at: Int(object.start), depth: 2)
    while let field = try fields.next(in: json) {
      let count = field.value.integer(in: json).map { Int(max(0, min($0, Int64(Usage.tokensMax)))) } ?? 0
      if field.keyEquals("prompt_tokens", in: json) { usage.prompt = count }
      if field.keyEquals("completion_tokens", in: json) { usage.completion = count }
    }
    return usage
  }
}
