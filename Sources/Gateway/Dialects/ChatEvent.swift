/// Text as it stands between the quotes of a JSON string. All dialects escape alike, so it goes from one to another as
/// it is: lent by the event that it came in, or made for the occasion.
enum EscapedText: Equatable {
  case borrowed(Slice)
  case owned([UInt8])

  /// Appends it, without quotes; `json` is the event that lends it.
  func append(to out: inout [UInt8], from json: Span<UInt8>) {
    switch self {
    case .borrowed(let slice): out.append(json.bytes(slice))
    case .owned(let bytes): out.append(contentsOf: bytes)
    }
  }

  var isEmpty: Bool { count == 0 }

  /// Bytes, escapes as they are.
  var count: Int {
    switch self {
    case .borrowed(let slice): Int(slice.count)
    case .owned(let bytes): bytes.count
    }
  }
}

extension EscapedText {
  /// The inside of a string; `nil` for every other value.
  init?(_ value: JSONValue?) {
    guard let value, value.kind == .string else { return nil }
    self = .borrowed(Slice(start: Int(value.slice.start) + 1, count: Int(value.slice.count) - 2))
  }

  /// A text that needs escaping, as in what was a JSON value and becomes a string.
  init(escaping text: Span<UInt8>) {
    var escaped: [UInt8] = []
    Writer.appendEscaped(text, to: &escaped)
    self = .owned(escaped)
  }

  /// A text of the program's own.
  init(_ text: String) { self.init(escaping: text.utf8.span) }

  /// It as bytes, without quotes and with its escapes.
  func bytes(in json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    append(to: &out, from: json)
    return out
  }

  /// Appends it as a JSON string, quotes included.
  func appendQuoted(to out: inout [UInt8], from json: Span<UInt8>) {
    out.append(UInt8(ascii: "\""))
    append(to: &out, from: json)
    out.append(UInt8(ascii: "\""))
  }

  /// It as it reads, without escapes.
  func unescaped(in json: Span<UInt8>) -> [UInt8] {
    var quoted: [UInt8] = []
    appendQuoted(to: &quoted, from: json)
    let value = JSONValue(.string, start: 0, end: quoted.count, hasEscapes: quoted.contains(UInt8(ascii: "\\")))
    var out: [UInt8] = []
    value.append(to: &out, from: quoted.span)
    return out
  }
}

/// A JSON value, checked: lent by the text that it came in, or made.
enum RawJSON: Equatable {
  case borrowed(Slice)
  case owned([UInt8])

  init(_ value: JSONValue) { self = .borrowed(value.slice) }

  func append(to out: inout [UInt8], from json: Span<UInt8>) {
    switch self {
    case .borrowed(let slice): out.append(json.bytes(slice))
    case .owned(let bytes): out.append(contentsOf: bytes)
    }
  }

  func bytes(in json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    append(to: &out, from: json)
    return out
  }
}

/// What happens in an answer, in the order in which it happens, whatever dialect tells it.
///
/// Each dialect has a reader, from its wire to events, and a writer, from events to its wire; none knows another.
/// Calls of tools are numbered from 0 in the order of their beginning.
enum ChatEvent: Equatable {
  case began(id: EscapedText?)
  case text(EscapedText)
  case thinking(EscapedText)
  /// Proves the thinking before it to the model's maker, and has to come back to it unchanged.
  case signature(EscapedText)
  /// Thinking that only the model's maker can read.
  case redactedThinking(EscapedText)
  /// A picture that the model made; `media` is its type, `base64` its bytes.
  case image(media: EscapedText, base64: EscapedText)
  case callBegan(call: Int, id: EscapedText, name: EscapedText)
  /// A piece of a call's arguments, which are JSON in a string.
  case arguments(call: Int, EscapedText)
  case callEnded(call: Int)
  case usage(TokenCounts)
  case finished(FinishReason)
  case failed(UpstreamError)
  case ended
}

/// Why a model stopped.
enum FinishReason: Equatable, CaseIterable {
  /// It had said all, or came to a text that it was to stop at.
  case stop
  /// It came to the most tokens that it was given, or that it can have.
  case length
  case toolCalls
  /// Somebody's rules.
  case filtered
}

/// Tokens, as an upstream counted them; `nil` for what it did not say.
struct TokenCounts: Equatable {
  /// Tokens of the prompt, cached ones included.
  var prompt: Int?
  var completion: Int?
  /// Of the prompt: read from a cache, and written to one.
  var cached: Int?
  var cacheWritten: Int?
  /// Of the completion: thinking.
  var thinking: Int?

  /// Later counts win, field by field.
  mutating func merge(_ later: TokenCounts) {
    prompt = later.prompt ?? prompt
    completion = later.completion ?? completion
    cached = later.cached ?? cached
    cacheWritten = later.cacheWritten ?? cacheWritten
    thinking = later.thinking ?? thinking
  }
}
