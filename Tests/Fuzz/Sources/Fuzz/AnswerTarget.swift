@testable import Gateway

/// A non-streaming upstream response: a completion, an error, or a model list. The first byte selects the caller's
/// name for the model.
enum AnswerTarget {
  static func run(_ input: Span<UInt8>) {
    guard let first = input.indices.first.map({ input[$0] }) else { return }
    let body = input.behind(1)
    let token = Array((first & 1 == 0 ? #""m""# : #""a\/long model \u00e9""#).utf8)
    let plain = PlainJSON.read(body.array)
    relay(body, plain, token)
    restream(body, plain)
    error(body, plain, first)
    models(body)
  }

  private static func relay(_ body: Span<UInt8>, _ plain: PlainJSON?, _ token: [UInt8]) {
    do throws(AttemptFailure) {
      let (found, edits) = try ChatAnswer.relay(body, modelToken: token)
      let out = edits.text(of: body)
      guard let entries = plain?.entries else { fail("an answer is an object") }
      let model = PlainJSON.string(Array(token.dropFirst().dropLast()))
      var expected: [PlainJSON.Entry] = []
      var hasModel = false
      for entry in entries {
        let isModel = entry.reads("model")
        // Of several members, only the first is written.
        if !isModel {
          expected.append(entry)
        } else if !hasModel {
          expected.append(.init(key: entry.key, value: model))
        }
        hasModel = hasModel || isModel
      }
      if !hasModel { expected.insert(PlainJSON.entry("model", model), at: 0) }
      expect(PlainJSON.read(out) == .object(expected), "only the model changes: \(out.shown)")
      if let usage = found.usage {
        let range = 0...Usage.tokensMax
        expect(range.contains(usage.prompt) && range.contains(usage.completion), "tokens have their bound")
      }
    } catch {
      checkFailure(error)
      if case .malformed(let what) = error, what.contains("is not a JSON object") {
        expect(plain?.entries == nil, "an object is taken for none")
      }
    }
  }

  private static func restream(_ body: Span<UInt8>, _ plain: PlainJSON?) {
    guard let events = try? ChatAnswer.restream(body) else { return }
    guard let plain else { fail("an answer is JSON") }
    // Of duplicate members, the last one that is an array counts.
    let arrays = plain.entries?.filter { $0.reads("choices") }.compactMap(\.value.elements)
    let choices = arrays?.last?.filter { $0.entries != nil } ?? []
    expect(events.count == choices.count || events.count == choices.count + 1, "an event for each choice")
    for (index, event) in events.enumerated() {
      guard let chunk = PlainJSON.read(event), let choice = chunk["choices"]?.elements else {
        fail("an event is a chunk: \(event.shown)")
      }
      guard index < choices.count else { continue }
      let expected = choices[index].entries?.map { $0.reads("message") ? PlainJSON.entry("delta", $0.value) : $0 }
      expect(choice == [.object(expected ?? [])], "a message is a delta: \(event.shown)")
    }
  }

  private static func error(_ body: Span<UInt8>, _ plain: PlainJSON?, _ first: UInt8) {
    let error = UpstreamErrorReader.read(body)
    checkError(error)
    expect(!error.message.isEmpty, "an error has a message")
    if let shown = error.body {
      expect(shown.utf8.count <= UpstreamError.bodyBytesMax + 3, "a body that is shown has its bound")
      expect(!namesKey(Array(shown.utf8)), "a body shows no key: \(shown)")
      // A reader that unescapes the JSON must not find a key either.
      if plain != nil { expect(!namesKey(PlainJSON.unescaped(Array(shown.utf8))), "a body hides no key: \(shown)") }
    }
    let status = [400, 401, 429, 500, 503][Int(first) % 5]
    let apiError = AttemptFailure.status(status, error).apiError(provider: "p")
    expect(apiError.status >= 400 && apiError.message.utf8.count < 3000, "a refusal has its bound")
  }

  /// Checks the limits, and that no credential is shown.
  static func checkError(_ error: UpstreamError) {
    // A character cut in the middle becomes one of three bytes.
    expect(error.message.utf8.count <= UpstreamErrorReader.messageMax + 3, "a message has its bound")
    for text in [error.message, error.type, error.param, error.code] {
      guard let text else { continue }
      expect(!namesKey(Array(text.utf8)), "an error names no key: \(text)")
    }
  }

  private static let prefixes = ["sk-", "sk_", "gsk_", "xai-", "AIza", "hf_", "pplx-", "pk-"].map { Array($0.utf8) }
  private static let firsts: [Bool] = (0..<256).map { byte in prefixes.contains { Int($0[0]) == byte } }
  private static let secret: [Bool] = (0..<256).map { byte in
    byte < 128
      && (Character(Unicode.Scalar(UInt8(byte))).isLetter || "0123456789-_.+/~=".utf8.contains(UInt8(byte)))
  }

  /// Returns whether eight bytes of a credential follow a known prefix.
  private static func namesKey(_ text: [UInt8]) -> Bool {
    func isSecret(from start: Int) -> Bool {
      start + 8 <= text.count && text[start..<start + 8].allSatisfy { secret[Int($0)] }
    }
    for (index, byte) in text.enumerated() {
      if firsts[Int(byte)] {
        for prefix in prefixes where text[index...].starts(with: prefix) {
          if isSecret(from: index + prefix.count) { return true }
        }
      }
      guard byte | 0x20 == 0x62, index + 7 < text.count, text[index + 6] == 0x20 || text[index + 6] == 0x09 else {
        continue
      }
      guard text[index..<index + 6].map({ $0 | 0x20 }) == Array("bearer".utf8) else { continue }
      var start = index + 6
      while start < text.count, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
      if isSecret(from: start) { return true }
    }
    return false
  }

  /// Checks an error that was found in an answer.
  static func checkFailure(_ failure: AttemptFailure) {
    expect(!failure.reason.isEmpty, "a failure has a word")
    switch failure {
    case .error(let error): checkError(error)
    case .malformed: break
    default: fail("an answer fails in another way: \(failure)")
    }
  }

  private static func models(_ body: Span<UInt8>) {
    guard let entries = ModelListReader.read(body, ownedBy: "p") else { return }
    for entry in entries {
      expect((1...ModelEntry.idBytesMax).contains(entry.id.utf8.count), "a model's name has its bound")
    }
    let list = PlainJSON.read(CompletionsModels.list(entries))
    expect(list?["data"]?.elements?.count == entries.count, "a list is JSON")
    for (written, entry) in zip(list?["data"]?.elements ?? [], entries) {
      expect(written["id"]?.text == Array(entry.id.utf8), "a written name reads as the name")
    }
  }
}
