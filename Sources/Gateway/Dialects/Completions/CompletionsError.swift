/// Writes errors in OpenAI's format. Source: OpenAI API reference, "Error codes".
enum CompletionsError {
  /// Appends `{"error":{"message","type","param","code"}}`.
  static func append(_ error: APIError, requestID: String, to out: inout [UInt8]) {
    out.append("{\"error\":{\"message\":")
    Writer.append(error.message, to: &out)
    out.append(",\"type\":\"")
    out.append(error.type)
    out.append("\",\"param\":")
    if let param = error.param {
      Writer.append(param, to: &out)
    } else {
      out.append("null")
    }
    out.append(",\"code\":\"")
    out.append(error.code.rawValue)
    out.append("\"")
    if let body = error.upstreamBody {
      out.append(",\"metadata\":{\"upstream_body\":")
      Writer.append(body, to: &out)
      out.append("}")
    }
    if !requestID.isEmpty {
      out.append(",\"request_id\":")
      Writer.append(requestID, to: &out)
    }
    out.append("}}")
  }
}
