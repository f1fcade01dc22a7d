import Foundation
import Testing

@testable import Gateway

/// The log probabilities of an answer's tokens, and the sources of its texts.
@Suite struct NotesTests {
  private static let token =
    #"{"token":"Hi","logprob":-0.5,"bytes":[72,105],"top_logprobs":[{"token":"Ho","logprob":-2,"bytes":[72,111]}]}"#

  /// A stream of chat completions with log probabilities, and one of Ollama without the members that it leaves out.
  private static func tokens(_ dialect: Dialect) -> [String] {
    if dialect == .ollama {
      let short = #"{"token":"Hi","logprob":-0.5,"top_logprobs":[{"token":"Ho","logprob":-2}]}"#
      return [
        #"{"message":{"role":"assistant","content":"Hi"},"done":false,"logprobs":[\#(short)]}"#,
        #"{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}"#,
      ]
    }
    return [
      #"{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":{"content":[\#(token)]}}]}"#,
      #"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop","logprobs":null}]}"#, "[DONE]",
    ]
  }

  private static func stream(
    _ caller: Dialect, _ provider: Dialect, _ events: [String], form: CallEndpoint.Form = .standard
  ) throws -> String {
    var stream = AnswerStream(
      for: CallEndpoint(caller, form: form), from: provider, isSame: false, promptBytes: 9,
      AnswerStream.Wanted(streams: true),
      AnswerMetadata(requestID: "r", created: 1, modelToken: Array(#""m""#.utf8)))
    var out: [UInt8] = []
    for event in events {
      if try stream.take(Array(event.utf8).span, named: "".utf8.span, into: &out) == .done { break }
    }
    stream.finish(into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  private static func whole(_ caller: Dialect, _ provider: Dialect, _ json: String) throws -> String {
    var stream = AnswerStream(
      for: CallEndpoint(caller), from: provider, isSame: false, promptBytes: 9, AnswerStream.Wanted(),
      AnswerMetadata(requestID: "r", created: 1, modelToken: Array(#""m""#.utf8)))
    let json = Array(json.utf8)
    guard case .owned(let text) = try stream.whole(json.span).answer else { return "" }
    return String(decoding: text, as: UTF8.self)
  }

  @Test(arguments: [Dialect.openAI, .ollama])
  func `log probabilities reach every caller whose dialect has them`(provider: Dialect) throws {
    let events = Self.tokens(provider)
    let responses = try Self.stream(.responses, provider, events)
    #expect(responses.contains(#""delta":"Hi","logprobs":[\#(Self.token)]"#), "\(responses)")
    #expect(responses.components(separatedBy: #""logprobs":[\#(Self.token)]"#).count == 6)
    let ollama = try Self.stream(.ollama, .openAI, Self.tokens(.openAI))
    #expect(ollama.contains(#""content":"Hi"},"done":false,"logprobs":[\#(Self.token)]}"#), "\(ollama)")
    if provider == .ollama {
      let chat = try Self.stream(.openAI, provider, events)
      #expect(chat.contains(#""logprobs":{"content":[\#(Self.token)]}"#), "\(chat)")
    }
  }

  @Test func `log probabilities of a whole answer reach every caller whose dialect has them`() throws {
    let chat =
      #"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"logprobs":{"content":[\#(Self.token),7]},"finish_reason":"stop"}]}"#
    for caller in [Dialect.responses, .ollama] {
      let text = try Self.whole(caller, .openAI, chat)
      #expect(text.contains(#""logprobs":[\#(Self.token)]"#), "\(text)")
    }
    let line =
      #"{"message":{"role":"assistant","content":"Hi"},"done":true,"done_reason":"stop","logprobs":[\#(Self.token)]}"#
    let text = try Self.whole(.openAI, .ollama, line)
    #expect(text.contains(#""logprobs":{"content":[\#(Self.token)]},"finish_reason""#), "\(text)")
  }

  @Test func `log probabilities of thinking are no text's, and lines stay lines`() throws {
    let split = Self.token.replacing("[72,105]", with: "[72,\n 105]")
    let events = [
      #"{"id":"c","choices":[{"index":0,"delta":{"reasoning_content":"Hm"},"logprobs":{"content":[\#(Self.token)]}}]}"#,
      #"{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":{"content":[\#(split)]}}]}"#,
      #"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, "[DONE]",
    ]
    let text = try Self.stream(.ollama, .openAI, events)
    #expect(text.contains(#""content":"Hi"},"done":false,"logprobs":[\#(Self.token)]}"#), "\(text)")
  }

  @Test func `a long answer keeps all log probabilities`() throws {
    let count = 12_000
    let tokens = Array(repeating: Self.token, count: count).joined(separator: ",")
    let text = String(repeating: "Hi", count: count)
    let chat =
      #"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"logprobs":{"content":[\#(tokens)]},"finish_reason":"stop"}]}"#
    let isWhole = try Self.whole(.responses, .openAI, chat).contains(#""logprobs":[\#(tokens)]"#)
    #expect(isWhole)
  }

  // MARK: Sources

  private static let sources: [(Dialect, stream: [String], whole: String)] = [
    (
      .openAI,
      [
        #"{"id":"c","choices":[{"index":0,"delta":{"content":"Hi","annotations":[{"type":"url_citation","url_citation":{"url":"https://a.b/\"c","title":"T","start_index":0,"end_index":2}}]}}]}"#,
        #"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, "[DONE]",
      ],
      #"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","annotations":[{"type":"url_citation","url_citation":{"url":"https://a.b/\"c","title":"T","start_index":0,"end_index":2}}]},"finish_reason":"stop"}]}"#
    ),
    (
      .anthropic,
      [
        #"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":1,"output_tokens":1}}}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","citations":[]}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://a.b/\"c","title":"T","cited_text":"Q","encrypted_index":"e"}}}"#,
        #"{"type":"content_block_stop","index":0}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}"#,
        #"{"type":"message_stop"}"#,
      ],
      #"{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"Hi","citations":[{"type":"web_search_result_location","url":"https://a.b/\"c","title":"T","cited_text":"Q","encrypted_index":"e"}]}],"stop_reason":"end_turn"}"#
    ),
    (
      .gemini,
      [
        #"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.b/\"c","title":"T"}}]},"index":0}]}"#,
        #"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.b/\"c","title":"T"}}]},"index":0}]}"#,
      ],
      #"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP","citationMetadata":{"citationSources":[{"uri":"https://a.b/\"c","title":"T"}]},"index":0}]}"#
    ),
  ]

  /// How often a source with this URL is in an answer of the caller's dialect.
  private static let marks: [(Dialect, String)] = [
    (.openAI, #"{"type":"url_citation","url_citation":{"url":"https://a.b/\"c","title":"T","start_index":"#),
    (.responses, #"{"type":"url_citation","url":"https://a.b/\"c","title":"T","start_index":"#),
    (.anthropic, #"{"type":"web_search_result_location","cited_text":""#),
    (.gemini, #"{"groundingChunks":[{"web":{"uri":"https://a.b/\"c","title":"T"}}]}"#),
  ]

  @Test(arguments: sources.indices, marks.indices)
  func `a source reaches every caller whose dialect has sources`(provider: Int, caller: Int) throws {
    let (dialect, events, json) = Self.sources[provider]
    let (to, mark) = Self.marks[caller]
    // The same dialect is relayed as it is.
    if to == dialect { return }
    let form: CallEndpoint.Form = to == .gemini ? .events : .standard
    let streamed = try Self.stream(to, dialect, events, form: form)
    #expect(streamed.components(separatedBy: mark).count == (to == .responses ? 5 : 2), "\(streamed)")
    let text = try Self.whole(to, dialect, json)
    #expect(text.components(separatedBy: mark).count == 2, "\(text)")
  }

  @Test func `a citation of a document in the request has no URL and is left out`() throws {
    let events = [
      #"{"type":"message_start","message":{"id":"msg_1"}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"Q","document_index":0}}}"#,
      #"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#, #"{"type":"message_stop"}"#,
    ]
    let text = try Self.stream(.openAI, .anthropic, events)
    #expect(text.contains(#""content":"Hi""#) && !text.contains("citation"), "\(text)")
  }
}
