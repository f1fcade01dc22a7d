/// Writes errors in Ollama's format. Source: Ollama API reference, "Errors".
enum OllamaError {
  /// Appends `{"error":"…"}`. Ollama's client expects a string and fails on an object.
  static func append(_ error: APIError, requestID: String, to out: inout [UInt8]) {
    out.append("{\"error\":")
    Writer.append(error.message, to: &out)
    out.append("}")
  }
}
