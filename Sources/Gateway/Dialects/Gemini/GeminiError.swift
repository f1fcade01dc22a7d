/// Writes errors in Gemini's format. Source: Google Cloud API design guide, "Errors".
enum GeminiError {
  /// Appends `{"error":{"code","message","status"}}`.
  static func append(_ error: APIError, requestID: String, to out: inout [UInt8]) {
    out.append("{\"error\":{\"code\":")
    out.append(decimal: error.status)
    out.append(",\"message\":")
    Writer.append(error.message, to: &out)
    out.append(",\"status\":\"")
    switch error.status {
    case 401: out.append("UNAUTHENTICATED")
    case 403: out.append("PERMISSION_DENIED")
    case 404: out.append("NOT_FOUND")
    case 429: out.append("RESOURCE_EXHAUSTED")
    case 400..<500: out.append("INVALID_ARGUMENT")
    case 501: out.append("UNIMPLEMENTED")
    case 503: out.append("UNAVAILABLE")
    case 504: out.append("DEADLINE_EXCEEDED")
    default: out.append("INTERNAL")
    }
    out.append("\"}}")
  }
}
