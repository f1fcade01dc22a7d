import Testing

@testable import Gateway

private let nothing: [UInt8] = []

/// The events that writers receive from a provider, and the answer that is collected from them.
@Suite struct AnswerSequencerTests {
  private static func text(_ text: String) -> EscapedText { EscapedText(text) }

  /// The events that a writer receives.
  private static func taken(_ events: [ChatEvent]) throws -> [ChatEvent] {
    var sequencer = AnswerSequencer()
    var taken: [ChatEvent] = []
    for event in events where try sequencer.takes(event, nothing.span) { taken.append(event) }
    return taken
  }

  @Test func `a beginning and an end are told once, and nothing visible follows the end`() throws {
    let began = ChatEvent.began(id: nil)
    let usage = ChatEvent.usage(TokenCounts(prompt: 1))
    let visible: [ChatEvent] = [
      .text(Self.text("a")), .thinking(Self.text("b")), .signature(Self.text("c")),
      .redactedThinking(Self.text("d")),
      .image(media: Self.text("e"), base64: Self.text("f")),
      .callBegan(call: 0, id: Self.text("g"), name: Self.text("h")), .arguments(call: 0, Self.text("i")),
      .callEnded(call: 0),
    ]
    #expect(
      try Self.taken(
        [began, began] + visible + [.finished(.stop)] + visible + [usage, .finished(.length), .ended])
        == [began] + visible + [.finished(.stop), usage])
  }

  @Test func `arguments and ends are told only of tool calls that are open`() throws {
    let began = ChatEvent.callBegan(call: 3, id: Self.text("i"), name: Self.text("n"))
    let more = ChatEvent.arguments(call: 3, Self.text("{}"))
    let ended = ChatEvent.callEnded(call: 3)
    #expect(try Self.taken([more, ended, began, began, more, ended, more, ended]) == [began, more, ended])
    #expect(try Self.taken([began, ended, began, ended]) == [began, ended, began, ended])
  }

  @Test func `at most 256 tool calls are open at once`() throws {
    let calls = (0..<257).map { ChatEvent.callBegan(call: $0, id: Self.text("i"), name: Self.text("n")) }
    #expect(try Self.taken(Array(calls.dropLast())).count == 256)
    #expect(throws: AttemptFailure.malformed("it has over 256 open tool calls")) { try Self.taken(calls) }
    #expect(try Self.taken(Array(calls.dropLast()) + [.callEnded(call: 0)] + calls.suffix(1)).count == 258)
  }

  @Test func `counts that were not reported are estimated from all text, thinking, and arguments`() throws {
    var sequencer = AnswerSequencer()
    for event: ChatEvent in [
      .text(Self.text(String(repeating: "a", count: 40))), .thinking(Self.text(String(repeating: "b", count: 20))),
      .callBegan(call: 0, id: Self.text("i"), name: Self.text("n")),
      .arguments(call: 0, Self.text(String(repeating: "c", count: 30))),
    ] {
      _ = try sequencer.takes(event, nothing.span)
    }
    #expect(sequencer.textBytes == 90)
    let estimate = Usage.estimated(promptBytes: 400, completionBytes: 90)
    #expect(
      sequencer.counts(promptBytes: 400) == TokenCounts(prompt: estimate.prompt, completion: estimate.completion))
    #expect(sequencer.usage == nil)
    _ = try sequencer.takes(.usage(TokenCounts(completion: 7, cached: 5)), nothing.span)
    #expect(sequencer.counts(promptBytes: 400) == TokenCounts(prompt: estimate.prompt, completion: 7, cached: 5))
    #expect(sequencer.usage == Usage(prompt: 0, completion: 7, source: .reported, cached: 5))
  }

  @Test func `thinking after a signature is a block of its own`() {
    let answer = Answer(
      [
        .thinking(Self.text("a")), .thinking(Self.text("b")), .signature(Self.text("s")), .thinking(Self.text("c")),
        .text(Self.text("d")), .text(Self.text("e")), .signature(Self.text("t")),
      ], nothing.span)
    #expect(
      answer.blocks == [
        .thinking(Array("ab".utf8), signature: Array("s".utf8)), .thinking(Array("c".utf8), signature: []),
        .text(Array("de".utf8)), .thinking([], signature: Array("t".utf8)),
      ])
  }

  @Test func `a tool call that ends without arguments has an empty object`() {
    let answer = Answer(
      [
        .callBegan(call: 0, id: Self.text("i"), name: Self.text("n")),
        .callBegan(call: 1, id: Self.text("j"), name: Self.text("o")), .arguments(call: 1, Self.text("[1")),
        .arguments(call: 1, Self.text("]")), .signature(Self.text("s")), .callEnded(call: 1), .callEnded(call: 0),
        .arguments(call: 2, Self.text("x")),
      ], nothing.span)
    #expect(
      answer.blocks == [
        .toolCall(id: Array("i".utf8), name: Array("n".utf8), arguments: Array("{}".utf8), signature: []),
        .toolCall(
          id: Array("j".utf8), name: Array("o".utf8), arguments: Array("[1]".utf8), signature: Array("s".utf8)),
      ])
  }

  @Test func `a model name that is repeated in an answer is replaced once and then removed`() throws {
    let message =
      #"{"id":"i","type":"message","role":"assistant","model":"a","model":"b","content":[],"stop_reason":"end_turn","model":"c"}"#
    let written = String(
      decoding: try answer(Array(message.utf8), from: .anthropic, to: CallEndpoint(.anthropic)), as: UTF8.self)
    #expect(written.split(separator: "\"model\":", omittingEmptySubsequences: false).count == 2, "\(written)")
    #expect(written.contains(#""model":"m""#))
  }
}
