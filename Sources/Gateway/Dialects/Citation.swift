/// A web page that a model names as a source of its text.
///
/// Sources: OpenAI API reference, "The chat completion object" (`annotations`) and "Streaming events" of Responses;
/// Anthropic API reference, "Citations"; Gemini API reference (v1beta), "GroundingMetadata" and "CitationMetadata".
/// Citations of the request's own documents have no URL, and only Anthropic's callers can ask for them.
struct Citation: Equatable {
  var url: EscapedText
  var title: EscapedText?
  /// The words of the source.
  var quote: EscapedText?
  /// The characters of the answer's text that the source supports; `nil` if the provider does not say.
  var start: Int64?
  var end: Int64?

  /// Returns the same citation with texts of its own.
  func owned(from json: Span<UInt8>) -> Citation {
    var owned = self
    owned.url = .owned(url.bytes(in: json))
    owned.title = title.map { .owned($0.bytes(in: json)) }
    owned.quote = quote.map { .owned($0.bytes(in: json)) }
    return owned
  }

  /// The bytes of its texts.
  var textBytes: Int { url.count + (title?.count ?? 0) + (quote?.count ?? 0) }
}

// MARK: Reading

extension Citation {
  /// Reads a citation with a URL from one of a list of `annotations` of OpenAI, or one of Anthropic's citations; `nil` for
  /// any other.
  init?(_ value: JSONValue, _ json: Span<UInt8>) {
    let outer = JSONLists.members(of: value, in: json)
    let inner = JSONLists.members(of: outer.value("url_citation", in: json), in: json)
    self.init(inner.isEmpty ? outer : inner, url: "url", json)
    quote = EscapedText((inner.isEmpty ? outer : inner).value("cited_text", in: json))
    start = (inner.isEmpty ? outer : inner).value("start_index", in: json)?.integer(in: json)
    end = (inner.isEmpty ? outer : inner).value("end_index", in: json)?.integer(in: json)
  }

  /// Reads a member with the URL, and a title.
  private init?(_ fields: [Member], url name: StaticString, _ json: Span<UInt8>) {
    guard let url = EscapedText(fields.value(name, in: json)), !url.isEmpty else { return nil }
    self.url = url
    title = EscapedText(fields.value("title", in: json))
  }

  /// Reads the sources of a Gemini candidate. Their positions count bytes, and are left out.
  static func sources(ofCandidate candidate: [Member], _ json: Span<UInt8>) -> [Citation] {
    var found: [Citation] = []
    let grounding = JSONLists.members(of: candidate.value("groundingMetadata", in: json), in: json)
    for chunk in JSONLists.elements(of: grounding.value("groundingChunks", in: json), in: json) {
      let web = JSONLists.members(of: JSONLists.members(of: chunk, in: json).value("web", in: json), in: json)
      if let citation = Citation(web, url: "uri", json) { found.append(citation) }
    }
    let sources = JSONLists.members(of: candidate.value("citationMetadata", in: json), in: json)
    let list = sources.value("citationSources", in: json) ?? sources.value("citations", in: json)
    for source in JSONLists.elements(of: list, in: json) {
      if let citation = Citation(JSONLists.members(of: source, in: json), url: "uri", json) {
        found.append(citation)
      }
    }
    return found
  }
}

// MARK: Writing

extension Citation {
  /// Appends the members of OpenAI's `url_citation`. Clients expect all of them.
  private func appendMembers(to out: inout [UInt8], from json: Span<UInt8>) {
    Writer.key("url", to: &out)
    url.appendQuoted(to: &out, from: json)
    Writer.key("title", to: &out)
    (title ?? .owned([])).appendQuoted(to: &out, from: json)
    Writer.member("start_index", Int(clamping: start ?? 0), to: &out)
    Writer.member("end_index", Int(clamping: end ?? 0), to: &out)
  }

  /// Appends an annotation of a chat completion.
  func appendChatAnnotation(to out: inout [UInt8], from json: Span<UInt8>) {
    out.append("{\"type\":\"url_citation\",\"url_citation\":{")
    appendMembers(to: &out, from: json)
    out.append("}}")
  }

  /// Appends an annotation of a Responses text.
  func appendResponsesAnnotation(to out: inout [UInt8], from json: Span<UInt8>) {
    out.append("{\"type\":\"url_citation\"")
    appendMembers(to: &out, from: json)
    out.append("}")
  }

  /// Appends a citation of an Anthropic text.
  func appendMessagesCitation(to out: inout [UInt8], from json: Span<UInt8>) {
    out.append("{\"type\":\"web_search_result_location\"")
    Writer.key("cited_text", to: &out)
    (quote ?? .owned([])).appendQuoted(to: &out, from: json)
    Writer.key("url", to: &out)
    url.appendQuoted(to: &out, from: json)
    Writer.key("title", to: &out)
    (title ?? .owned([])).appendQuoted(to: &out, from: json)
    out.append(",\"encrypted_index\":\"\"}")
  }

  /// Appends an element of Gemini's `groundingChunks`.
  func appendGroundingChunk(to out: inout [UInt8], from json: Span<UInt8>) {
    out.append("{\"web\":{\"uri\":")
    url.appendQuoted(to: &out, from: json)
    Writer.key("title", to: &out)
    (title ?? .owned([])).appendQuoted(to: &out, from: json)
    out.append("}}")
  }
}
