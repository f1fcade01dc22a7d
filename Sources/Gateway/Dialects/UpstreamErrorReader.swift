/// Reads an upstream's error message in any of the formats that servers use.
enum UpstreamErrorReader {
  /// The most bytes of a message that are relayed.
  static let messageMax = 2000

  /// Returns the error in a body: OpenAI's object, a string, `detail`, `message`, or text. A JSON object without an
  /// error gives one without a message.
  static func read(_ body: Span<UInt8>, retryAfter: Int? = nil) -> UpstreamError {
    var error = UpstreamError(message: "", retryAfter: retryAfter)
    if let found = object(body) { error = found }
    error.retryAfter = retryAfter
    if error.message.isEmpty { error.message = plain(body) }
    error.message = clean(error.message, messageMax)
    error.body = shown(body)
    return error
  }

  /// Whether raw JSON contains escapes that could hide a credential from `mask`.
  private static func isDisguised(_ text: String) -> Bool { ["\\u", "\\/", "\\t"].contains(where: text.contains) }

  /// Returns the body for display, or `nil` if escapes in it could hide a credential.
  private static func shown(_ body: Span<UInt8>) -> String? {
    let text = body.extracting(first: min(body.count, 2 * UpstreamError.bodyBytesMax)).text
    return text.isEmpty || isDisguised(text) ? nil : clean(text, UpstreamError.bodyBytesMax)
  }

  /// Returns the error of a JSON text whose top level has `error`, `detail`, or `message`, or `nil`.
  static func object(_ json: Span<UInt8>) -> UpstreamError? {
    do throws(JSONError) {
      var found: UpstreamError?
      var members = try MemberCursor(whole: json)
      while let member = try members.next(in: json) {
        if member.keyEquals("error", in: json) {
          if let error = try value(member, json) { found = error }
        } else if found == nil, member.value.kind == .string,
          member.keyEquals("detail", in: json) || member.keyEquals("message", in: json)
        {
          found = member.value.string(in: json).map { UpstreamError(message: $0) }
        }
      }
      return found
    } catch {
      return nil
    }
  }

  /// Returns the error in the value of a member named `error`, which is an object or a string. Returns `nil` for other
  /// values.
  static func value(_ member: Member, _ json: Span<UInt8>) throws(JSONError) -> UpstreamError? {
    if member.value.kind == .string {
      return UpstreamError(message: clean(member.value.string(in: json) ?? "", messageMax))
    }
    guard member.value.kind == .object else { return nil }
    return try fields(of: member.value, json)
  }

  /// Returns the error that is the whole text, as earlier vLLM versions and some proxies send it, or `nil` if the text is
  /// not an object.
  static func whole(_ json: Span<UInt8>) -> UpstreamError? {
    do throws(JSONError) {
      if let nested = object(json), nested.type != nil || nested.code != nil { return nested }
      let error = try fields(of: JSONLists.root(json), json)
      return error.message.isEmpty ? object(json) ?? error : error
    } catch {
      return nil
    }
  }

  /// Returns the error that a reason to finish means, or `nil` for any other reason.
  static func finish(_ reason: JSONValue?, _ json: Span<UInt8>) -> UpstreamError? {
    guard let reason, reason.equals("error", in: json) else { return nil }
    return UpstreamError(message: "the answer ended with an error")
  }

  private static func fields(of object: JSONValue, _ json: Span<UInt8>) throws(JSONError) -> UpstreamError {
    var error = UpstreamError(message: "")
    var fields = try MemberCursor(in: json, at: Int(object.slice.start), depth: 2)
    while let field = try fields.next(in: json) {
      guard field.value.kind == .string || field.value.kind == .number else { continue }
      let text =
        field.value.kind == .string
        ? field.value.string(in: json) : json.bytes(field.value.slice).text
      if field.keyEquals("message", in: json) { error.message = clean(text ?? "", messageMax) }
      if field.keyEquals("type", in: json) { error.type = text.map { clean($0, 64) } }
      if field.keyEquals("param", in: json) { error.param = text.map { clean($0, 256) } }
      if field.keyEquals("code", in: json) { error.code = text.map { clean($0, 64) } }
    }
    return error
  }

  private static func plain(_ body: Span<UInt8>) -> String {
    let text = body.extracting(first: min(body.count, 600)).text
    return text.isEmpty || isDisguised(text) ? "no explanation was given" : clean(text, 300)
  }

  /// Returns a text without credentials, cut to a number of bytes. It is masked before it is cut, so that no partial
  /// credential remains.
  static func clean(_ text: String, _ limit: Int) -> String {
    cut(mask(cut(text, limit * 2)), limit)
  }

  /// Returns a prefix of a text by its bytes, because one character can have any number of them.
  private static func cut(_ text: String, _ limit: Int) -> String {
    text.utf8.count <= limit ? text : String(decoding: text.utf8.prefix(limit), as: UTF8.self)
  }

  /// The prefixes of credentials.
  private static let prefixes: [StaticString] = ["sk-", "sk_", "gsk_", "xai-", "AIza", "hf_", "pplx-", "pk-"]

  /// Returns the text with everything that looks like a credential replaced: words with a known prefix, and the word
  /// after `Bearer`, in any case and after any white space.
  static func mask(_ text: String) -> String {
    guard text.utf8.count >= 10 else { return text }
    var out: [UInt8] = []
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      if let first = credential(in: bytes.span, at: index) {
        var end = first
        while end < bytes.count, isCredential(bytes[end]) { end += 1 }
        if end - first >= 8 {
          out.append(contentsOf: bytes[index..<first])
          out.append("***")
          index = end
          continue
        }
      }
      out.append(bytes[index])
      index += 1
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// Returns the index of the secret part of a credential that starts at `index`, or `nil`.
  private static func credential(in bytes: Span<UInt8>, at index: Int) -> Int? {
    for prefix in prefixes where bytes.hasPrefix(prefix, at: index, before: bytes.count) {
      return index + prefix.utf8CodeUnitCount
    }
    guard bytes.count - index > 7, bytes.extracting(index..<index + 6).equalsIgnoringCase("bearer".utf8.span) else {
      return nil
    }
    var first = index + 6
    while first < bytes.count, bytes[first] == 0x20 || bytes[first] == 0x09 { first += 1 }
    return first > index + 6 ? first : nil
  }

  /// Whether a secret is removed. A shorter one is a placeholder and may be part of ordinary words.
  static func isRemovable(_ secret: String) -> Bool { secret.utf8.count >= 8 }

  /// Returns a body without a secret. It is removed before anything is masked or cut, which could leave a part of it.
  static func removing(_ secret: String?, from body: [UInt8]) -> [UInt8] {
    guard let secret, isRemovable(secret) else { return body }
    return spellings(of: secret).reduce(body) { $0.replacing(Array($1.utf8), with: Array("***".utf8)) }
  }

  /// The ways in which an upstream repeats a secret: as it was sent, and percent-encoded, as in a URL (RFC 3986
  /// section 2.1), with either case of the digits.
  private static func spellings(of secret: String) -> [String] {
    let digits: [StaticString] = ["0123456789ABCDEF", "0123456789abcdef"]
    let encoded = digits.map { digits in
      var text: [UInt8] = []
      for byte in secret.utf8 {
        let isUnreserved = isCredential(byte) && !"+/=".utf8.contains(byte)
        if isUnreserved {
          text.append(byte)
        } else {
          text += [UInt8(ascii: "%"), digits.bytes[Int(byte >> 4)], digits.bytes[Int(byte & 15)]]
        }
      }
      return String(decoding: text, as: UTF8.self)
    }
    return encoded[0] == secret ? [secret] : [secret] + encoded
  }

  /// Returns a text without a secret. The text may end within the secret, because it was cut.
  static func removing(_ secret: String, from text: String) -> String {
    let clean = spellings(of: secret).reduce(text) { $0.replacing($1, with: "***") }
    for count in stride(from: secret.utf8.count - 1, through: partMin, by: -1)
    where clean.utf8.suffix(count).elementsEqual(secret.utf8.prefix(count)) {
      return String(decoding: clean.utf8.dropLast(count), as: UTF8.self) + "***"
    }
    return clean
  }

  /// The length of the shortest beginning of a secret that is removed from the end of a text.
  private static let partMin = 4

  private static func isCredential(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "/"),
      UInt8(ascii: "~"), UInt8(ascii: "="):
      true
    default: false
    }
  }
}

extension AttemptFailure {
  /// Returns the failure with every occurrence of a secret that the upstream received removed.
  func without(secret: String?) -> AttemptFailure {
    guard let secret, UpstreamErrorReader.isRemovable(secret) else { return self }
    switch self {
    case .status(let status, let error): return .status(status, error.without(secret))
    case .error(let error): return .error(error.without(secret))
    default: return self
    }
  }
}

extension UpstreamError {
  fileprivate func without(_ secret: String) -> UpstreamError {
    var error = self
    error.message = UpstreamErrorReader.removing(secret, from: message)
    error.type = type.map { UpstreamErrorReader.removing(secret, from: $0) }
    error.param = param.map { UpstreamErrorReader.removing(secret, from: $0) }
    error.code = code.map { UpstreamErrorReader.removing(secret, from: $0) }
    error.body = body.map { UpstreamErrorReader.removing(secret, from: $0) }
    return error
  }
}
