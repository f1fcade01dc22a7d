// Writes the response object, which starts a stream, ends it, and is a non-streaming answer.

extension ResponsesAnswerWriter {
  /// Appends the response object. An unfinished or failed answer has no output and no usage.
  func append(
    status: String, _ reason: FinishReason?, _ counts: TokenCounts?, error: [UInt8]? = nil,
    to out: inout [UInt8]
  ) {
    out.append("{\"id\":\"resp_")
    out += request
    out.append("\",\"object\":\"response\"")
    Writer.member("created_at", Int(clamping: label.created), to: &out)
    Writer.member("status", status, to: &out)
    out.append(",\"background\":false,\"error\":")
    if let error { out += error } else { out.append("null") }
    out.append(",\"incomplete_details\":")
    if status == "incomplete" {
      // An answer that exceeds the size limit ends like one that reaches its token limit.
      out.append("{\"reason\":\"")
      out.append(reason == .filtered ? "content_filter" : "max_output_tokens" as StaticString)
      out.append("\"}")
    } else {
      out.append("null")
    }
    Writer.member("model", raw: label.modelToken.span, to: &out)
    // SDKs require some of these members, so an empty echo gets the defaults.
    out += label.echo.isEmpty ? ResponsesRequestReader.echo("{}".utf8.span) : label.echo
    Writer.key("output", to: &out)
    if reason != nil { output.append(to: &out) } else { out.append("[]") }
    Writer.key("usage", to: &out)
    if let counts { Self.append(counts, to: &out) } else { out.append("null") }
    out.append("}")
  }

  /// Appends the usage. openai-python requires all of its members.
  private static func append(_ counts: TokenCounts, to out: inout [UInt8]) {
    guard counts.prompt != nil || counts.completion != nil else { return out.append("null") }
    let (prompt, completion) = (counts.prompt ?? 0, counts.completion ?? 0)
    let (total, isOver) = prompt.addingReportingOverflow(completion)
    out.append("{")
    Writer.member("input_tokens", prompt, to: &out)
    out.append(",\"input_tokens_details\":{")
    Writer.member("cached_tokens", counts.cached ?? 0, to: &out)
    Writer.member("cache_write_tokens", counts.cacheWritten ?? 0, to: &out)
    out.append("}")
    Writer.member("output_tokens", completion, to: &out)
    out.append(",\"output_tokens_details\":{")
    Writer.member("reasoning_tokens", counts.thinking ?? 0, to: &out)
    out.append("}")
    Writer.member("total_tokens", isOver ? .max : total, to: &out)
    out.append("}")
  }
}
