/// Relays a non-streaming chat completion: the upstream's bytes with the caller's name of the model.
enum ChatAnswer {
  /// The properties that were found in an answer.
  struct Found {
    var usage: Usage?
    /// The `choices` array, or `nil` if there is none.
    fileprivate var choices: Slice?
    fileprivate var usageValue: Slice?
  }

  /// Checks an upstream's body and returns the edits for the caller.
  ///
  /// Throws `.malformed` if the body is not a JSON object with `choices`, and `.error` for an error object in a 200.
  static func relay(
    _ json: Span<UInt8>, modelToken: [UInt8], request: String = ""
  ) throws(AttemptFailure) -> (found: Found, edits: Splice) {
    var edits = Splice()
    let found = try read(json, modelToken: modelToken, &edits)
    if let choices = found.choices, mayNeedMending(json.bytes(choices)) { try mend(choices, request, json, &edits) }
    return (found, edits)
  }

  /// Whether choices contain a tool call or an error, so that they are read a second time. Most do not.
  private static func mayNeedMending(_ choices: Span<UInt8>) -> Bool {
    Search.contains("\"tool_calls\"", in: choices) || Search.contains("\"error\"", in: choices)
  }

  /// Mends the tool calls of all choices. Throws `.error` for a choice that ended with an error.
  private static func mend(
    _ choices: Slice, _ request: String, _ json: Span<UInt8>, _ edits: inout Splice
  ) throws(AttemptFailure) {
    var calls = ToolCallMender(request: request)
    var failure: UpstreamError?
    do throws(JSONError) {
      var elements = try ArrayCursor(in: json, at: Int(choices.start), depth: 2)
      var position: Int64 = 0
      while let element = try elements.next(in: json) {
        if element.kind == .object {
          failure = try mend(element, at: position, &calls, json, &edits) ?? failure
        }
        position += 1
      }
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if let failure { throw .error(failure) }
  }

  /// Mends the tool calls of one choice, and returns its error if it has one.
  private static func mend(
    _ choice: JSONValue, at position: Int64, _ calls: inout ToolCallMender, _ json: Span<UInt8>,
    _ edits: inout Splice
  ) throws(JSONError) -> UpstreamError? {
    var error: UpstreamError?
    var members = try MemberCursor(in: json, at: Int(choice.slice.start), depth: 3)
    while let member = try members.next(in: json) {
      if member.keyEquals("message", in: json), member.value.kind == .object {
        var fields = try MemberCursor(in: json, at: Int(member.value.slice.start), depth: 4)
        while let field = try fields.next(in: json) {
          guard field.keyEquals("tool_calls", in: json), field.value.kind == .array else { continue }
          _ = try calls.read(field.value, choice: position, isWhole: true, json, &edits)
        }
      } else if member.keyEquals("error", in: json) {
        error = try UpstreamErrorReader.value(member, json) ?? error
      } else if member.keyEquals("finish_reason", in: json) {
        error = error ?? UpstreamErrorReader.finish(member.value, json)
      }
    }
    return error
  }

  /// Returns the data of the events of an equivalent stream, without `[DONE]`.
  static func restream(_ json: Span<UInt8>) throws(AttemptFailure) -> [[UInt8]] {
    var edits = Splice()
    let found = try read(json, modelToken: [], &edits)
    guard let choices = found.choices else { throw .malformed("the answer has no choices") }
    var events: [[UInt8]] = []
    do throws(JSONError) {
      var elements = try ArrayCursor(in: json, at: Int(choices.start), depth: 2)
      while let element = try elements.next(in: json) {
        if element.kind == .object { events.append(try chunk(of: element, json)) }
      }
    } catch {
      throw .malformed("the answer is not JSON: \(error.description)")
    }
    if let usage = found.usageValue {
      var event: [UInt8] = Array("{\"choices\":[],\"usage\":".utf8)
      event.append(json.bytes(usage))
      event.append("}")
      events.append(event)
    }
    return events
  }

  /// Returns a choice as a chunk, with its message as the delta.
  private static func chunk(of choice: JSONValue, _ json: Span<UInt8>) throws(JSONError) -> [UInt8] {
    var event: [UInt8] = Array("{\"choices\":[{".utf8)
    var separator: StaticString = ""
    var members = try MemberCursor(in: json, at: Int(choice.slice.start), depth: 3)
    while let member = try members.next(in: json) {
      event.append(separator)
      separator = ","
      event.append("\"")
      if member.keyEquals("message", in: json) {
        event.append("delta")
      } else {
        event.append(json.bytes(member.key))
      }
      event.append("\":")
      event.append(json.bytes(member.value.slice))
    }
    event.append("}]}")
    return event
  }

  private static func read(
    _ json: Span<UInt8>, modelToken: [UInt8], _ edits: inout Splice
  ) throws(AttemptFailure) -> Found {
    var found = Found()
    var failure: UpstreamError?
    var brace = 0
    var count = 0
    var hasModel = false
    do throws(JSONError) {
      var members = try MemberCursor(whole: json)
      brace = members.offset - 1
      while let member = try members.next(in: json) {
        if member.keyEquals("model", in: json) {
          // The caller's name may be longer. Repeated members are removed so that their number cannot make the answer
          // grow.
          if hasModel { edits.remove(member) } else { edits.replace(member, with: modelToken.span) }
          hasModel = true
        } else if member.keyEquals("choices", in: json), member.value.kind == .array {
          found.choices = member.value.slice
          count = max(count, Int(member.value.elements))
        } else if member.keyEquals("error", in: json) {
          failure = try UpstreamErrorReader.value(member, json) ?? failure
        } else if member.keyEquals("error_message", in: json), member.value.filledString != nil {
          failure = try UpstreamErrorReader.value(member, json) ?? failure
        } else if member.keyEquals("object", in: json), member.value.equals("error", in: json) {
          failure = UpstreamErrorReader.whole(json) ?? failure
        } else if member.keyEquals("created", in: json) {
          let seconds = ChatTime.seconds(member.value, json)
          if let seconds, seconds.count < member.value.slice.count {
            edits.replace(member, with: json.bytes(seconds))
          }
        } else if member.keyEquals("usage", in: json), member.value.kind == .object {
          found.usageValue = member.value.slice
          found.usage = try CompletionsUsage(member.value.slice, in: json).counts.usage
        }
      }
    } catch {
      throw .malformed("the answer is not a JSON object: \(error.description)")
    }
    if let failure { throw .error(failure) }
    if count > ChatStream.choicesMax { throw .malformed("the answer has \(count) choices") }
    if found.choices == nil { throw .malformed("the answer has no choices") }
    if !hasModel, !modelToken.isEmpty {
      edits.insert("model", modelToken.span, intoObjectAt: brace)
    }
    return found
  }
}
