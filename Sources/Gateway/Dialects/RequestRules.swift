/// The rules that requests of every kind follow.
enum RequestRules {
  /// Returns the model that a member names.
  static func model(_ member: Member, _ json: Span<UInt8>) throws(APIError) -> String {
    guard member.value.slice.count <= 4096, let name = member.value.string(in: json) else {
      throw .invalid("model", "must be a string")
    }
    try check(model: name)
    return name
  }

  static func check(model name: String) throws(APIError) {
    if name.isEmpty { throw .invalid("model", "must not be empty") }
    let most = ModelEntry.idBytesMax
    if name.utf8.count > most { throw .invalid("model", "may have at most \(most) bytes") }
    // Nearly every name is ASCII; only others need Unicode's tables.
    let isPlain = name.utf8.allSatisfy { $0 > 0x1f && $0 < 0x7f }
    if !isPlain, name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      throw .invalid("model", "must not contain control characters")
    }
  }

  /// Returns the error for a missing model or a missing field, or `nil`.
  static func missing(model: String, _ field: String, isThere: Bool) -> APIError? {
    if model.isEmpty {
      return APIError(400, .missingField, "Name the model: the field `model` is missing.", param: "model")
    }
    return isThere ? nil : APIError(400, .missingField, "The field `\(field)` is missing.", param: field)
  }

  /// Returns the error for a body that is not a JSON object.
  static func malformed(_ error: JSONError) -> APIError {
    APIError(
      400, error.kind == .duplicateKey ? .duplicateField : .malformedJSON,
      "The request body is not a JSON object as RFC 8259 defines it: \(error.description).")
  }
}
