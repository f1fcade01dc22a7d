/// Text as it appears between the quotes of a JSON string. Escapes are the same in every dialect, so text moves between
/// dialects unchanged, either borrowed from its event or owned.
enum EscapedText: Equatable {
  case borrowed(Slice)
  case owned([UInt8])

  /// Appends the text without quotes. `json` is the event that it borrows from.
  func append(to out: inout [UInt8], from json: Span<UInt8>) {
    switch self {
    case .borrowed(let slice): out.append(json.bytes(slice))
    case .owned(let bytes): out.append(contentsOf: bytes)
    }
  }

  var isEmpty: Bool { count == 0 }

  /// The number of bytes, with escapes.
  var count: Int {
    switch self {
    case .borrowed(let slice): Int(slice.count)
    case .owned(let bytes): bytes.count
    }
  }
}

extension EscapedText {
  /// Borrows the inside of a JSON string, or returns `nil` for every other value.
  init?(_ value: JSONValue?) {
    guard let value, value.kind == .string else { return nil }
    self = .borrowed(Slice(start: Int(value.slice.start) + 1, count: Int(value.slice.count) - 2))
  }

  /// Escapes a text, such as a JSON value that becomes a string.
  init(escaping text: Span<UInt8>) {
    var escaped: [UInt8] = []
    Writer.appendEscaped(text, to: &escaped)
    self = .owned(escaped)
  }

  /// Escapes a Swift string.
  init(_ text: String) { self.init(escaping: text.utf8.span) }

  /// Returns the bytes without quotes, with escapes.
  func bytes(in json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    append(to: &out, from: json)
    return out
  }

  /// Appends the text as a JSON string, with quotes.
  func appendQuoted(to out: inout [UInt8], from json: Span<UInt8>) {
    out.append(UInt8(ascii: "\""))
    append(to: &out, from: json)
    out.append(UInt8(ascii: "\""))
  }

  /// Returns the bytes without escapes.
  func unescaped(in json: Span<UInt8>) -> [UInt8] {
    var quoted: [UInt8] = []
    appendQuoted(to: &quoted, from: json)
    let value = JSONValue(.string, start: 0, end: quoted.count, hasEscapes: quoted.contains(UInt8(ascii: "\\")))
    var out: [UInt8] = []
    value.append(to: &out, from: quoted.span)
    return out
  }
}

/// A valid JSON value, borrowed from the text that contains it or owned.
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

/// One event of a model's answer, in any dialect.
///
/// Each dialect has a reader from its wire format to events and a writer from events to its wire format. Tool calls are
/// numbered from 0 in the order in which they begin.
enum ChatEvent: Equatable {
  case began(id: EscapedText?)
  case text(EscapedText)
  /// A text by which the model refuses to answer.
  case refusal(EscapedText)
  case thinking(EscapedText)
  /// The signature of the thinking before it. The caller returns it to the model's provider unchanged.
  case signature(EscapedText)
  /// Thinking that only the model's provider can read.
  case redactedThinking(EscapedText)
  /// An image from the model: its media type and its base64 data.
  case image(media: EscapedText, base64: EscapedText)
  /// A source of the text before it.
  case citation(Citation)
  /// The log probabilities of the text after it: elements of a list, as `TokenLogprobs` has them.
  case logprobs([UInt8])
  case callBegan(call: Int, id: EscapedText, name: EscapedText)
  /// A part of a tool call's arguments, which are JSON inside a string.
  case arguments(call: Int, EscapedText)
  case callEnded(call: Int)
  case usage(TokenCounts)
  case finished(FinishReason)
  case failed(UpstreamError)
  case ended
}

/// The reason why a model stopped.
enum FinishReason: Equatable, CaseIterable {
  /// The model completed its answer or reached a stop sequence.
  case stop
  /// The answer reached the token limit of the request or of the model.
  case length
  case toolCalls
  /// A content filter stopped the answer.
  case filtered
  /// The model refused to answer.
  case refused
}

/// The token counts from an upstream. Counts that it did not send are `nil`.
struct TokenCounts: Equatable {
  /// Tokens of the prompt, including cached tokens.
  var prompt: Int?
  var completion: Int?
  /// Tokens of the prompt that were read from a cache or written to one.
  var cached: Int?
  var cacheWritten: Int?
  /// Tokens of `cacheWritten` that are kept for an hour rather than for minutes.
  var cacheWrittenLong: Int?
  /// Tokens of the completion that are thinking.
  var thinking: Int?
  /// Tokens of the prompt and of the completion that are audio.
  var audioIn: Int?
  var audioOut: Int?

  /// Replaces each count for which `later` has a value.
  mutating func merge(_ later: TokenCounts) {
    prompt = later.prompt ?? prompt
    completion = later.completion ?? completion
    cached = later.cached ?? cached
    cacheWritten = later.cacheWritten ?? cacheWritten
    cacheWrittenLong = later.cacheWrittenLong ?? cacheWrittenLong
    thinking = later.thinking ?? thinking
    audioIn = later.audioIn ?? audioIn
    audioOut = later.audioOut ?? audioOut
  }

  /// The usage that the upstream reported; `nil` if it reported none.
  var usage: Usage? {
    if prompt == nil, completion == nil { return nil }
    let long = min(cacheWrittenLong ?? 0, cacheWritten ?? .max)
    return Usage(
      prompt: prompt ?? 0, completion: completion ?? 0, source: .reported, cached: cached ?? 0,
      cacheWritten: max(0, (cacheWritten ?? 0) - long), cacheWrittenLong: long, thinking: thinking ?? 0,
      audioIn: audioIn ?? 0, audioOut: audioOut ?? 0)
  }
}
