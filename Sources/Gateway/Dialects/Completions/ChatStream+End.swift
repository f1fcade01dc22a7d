/// The end of a stream.
extension ChatStream {
  /// Completes a stream that lacks its end: appends a finish reason for open choices, the usage, and `[DONE]`.
  mutating func finish(promptBytes: Int, into out: inout [UInt8]) {
    for index in 0..<64 where started & 1 << UInt64(index) != 0 && finished & 1 << UInt64(index) == 0 {
      open(&out)
      out.append(",\"choices\":[{\"index\":")
      out.append(decimal: index)
      out.append(isCompletion ? ",\"text\":\"\"" : ",\"delta\":{}" as StaticString)
      out.append(",\"finish_reason\":\"")
      out.append(hasToolCalls ? "tool_calls" : "stop")
      out.append("\"}]}\n\n")
    }
    if wantsUsage, !sentUsage {
      let usage = usage ?? .estimated(promptBytes: promptBytes, completionBytes: textBytes)
      open(&out)
      out.append(",\"choices\":[],\"usage\":")
      if let heldUsage, heldUsage.usage == usage {
        out.append(contentsOf: heldUsage.json)
      } else {
        out.append("{\"prompt_tokens\":")
        out.append(decimal: usage.prompt)
        out.append(",\"completion_tokens\":")
        out.append(decimal: usage.completion)
        out.append(",\"total_tokens\":")
        out.append(decimal: usage.total)
        out.append("}")
      }
      if usage.source == .estimated { out.append(",\"x_usage_source\":\"estimated\"") }
      out.append("}\n\n")
      sentUsage = true
    }
    out.append("data: [DONE]\n\n")
  }

  private func open(_ out: inout [UInt8]) {
    out.append("data: {\"id\":")
    out.append(contentsOf: id)
    out.append(",\"object\":\"")
    out.append(object)
    out.append("\",\"created\":")
    out.append(contentsOf: created)
    out.append(",\"model\":")
    out.append(contentsOf: modelToken)
  }
}
