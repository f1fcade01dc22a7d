import Foundation
import Testing

@testable import Gateway

/// The same requests and answers in every dialect: `<case>.request.<dialect>.json` is a request, `<case>.<dialect>.sse`
/// (`.ndjson` for Ollama) a stream, and `<case>.<dialect>.json` a non-streaming answer. Each is translated into every
/// other dialect and must have the meaning of that dialect's own file.
@Suite struct PairsTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pairs")
  private static let callers: [Dialect] = [.openAI, .anthropic, .responses, .ollama, .gemini]

  private static func cases(_ ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(ending) && !$0.hasSuffix(".request" + ending) }
      .map { String($0.dropLast(ending.count)) }.sorted()
  }

  private static func read(_ name: String) -> [UInt8]? {
    (try? Data(contentsOf: folder.appending(path: name))).map { Array($0) }
  }

  private static func streamName(_ name: String, _ dialect: Dialect) -> String {
    "\(name).\(dialect.rawValue).\(dialect == .ollama ? "ndjson" : "sse")"
  }

  /// A new case raises its number.
  @Test func `every case has its files`() {
    #expect(Set(Self.requests.map(\.0)).count == 10)
    #expect(Set(Self.streams.map(\.0)).count == 8)
    #expect(Set(Self.wholes.map(\.0)).count == 6)
  }

  /// The requests that a dialect cannot express have no file.
  @Test func `a case has a request in every dialect that can express it`() {
    let missing = Set(Self.requests.map(\.0)).flatMap { name in
      Self.callers.filter { Self.read("\(name).request.\($0.rawValue).json") == nil }.map {
        "\(name) \($0.rawValue)"
      }
    }
    #expect(missing.sorted() == ["image-url ollama"])
  }

  // MARK: Requests

  private static let requests = Self.cases(".request.openai.json").flatMap { name in
    callers.flatMap { from in Dialect.upstream.map { (name, from, $0) } }
  }

  @Test(arguments: requests)
  func `a request has the same meaning in every dialect`(name: String, from: Dialect, to: Dialect) throws {
    guard let json = Self.read("\(name).request.\(from.rawValue).json") else {
      // A dialect that cannot express it has no file; another test has the list.
      return
    }
    var written: String
    do throws(APIError) {
      let conversation = try RequestTranslation.read(json.span, as: CallEndpoint(from))
      let request = try Self.write(conversation, json, in: to)
      written = try! Self.canonical(request.body)
      if !request.dropped.names.isEmpty { written += "dropped: \(request.dropped.names.joined(separator: ","))\n" }
    } catch {
      written = "refused: \(error.message)\n"
    }
    let own = try Self.read("\(name).request.\(to.rawValue).json").map { try Self.canonical($0) }
    let special = "\(name).request.\(from.rawValue)-\(to.rawValue).json"
    if own == written {
      #expect(Self.read(special) == nil, "\(special) is not needed")
      return
    }
    if ProcessInfo.processInfo.environment["HOOSH_WRITE_FIXTURES"] != nil {
      try Data(written.utf8).write(to: Self.folder.appending(path: special))
      Issue.record("\(special) was written; read it, and run the tests without HOOSH_WRITE_FIXTURES")
    }
    let expected = Self.read(special).map { String(decoding: $0, as: UTF8.self) }
    #expect(written == expected ?? own ?? "no file \(special)")
  }

  private static func write(_ conversation: Conversation, _ json: [UInt8], in dialect: Dialect) throws(APIError)
    -> WrittenRequest
  {
    let target = WriteTarget(model: "m", streams: false)
    return switch dialect {
    case .openAI, .responses: try CompletionsRequestWriter.write(conversation, json.span, for: target)
    case .anthropic: try MessagesRequestWriter.write(conversation, json.span, for: target)
    case .ollama: try OllamaRequestWriter.write(conversation, json.span, for: target)
    case .gemini: try GeminiRequestWriter.write(conversation, json.span, for: target)
    }
  }

  /// JSON with sorted members on separate lines.
  private static func canonical(_ json: [UInt8]) throws -> String {
    let object = try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed)
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  // MARK: Answers

  private static let streams = Self.cases(".openai.sse").flatMap { name in
    Dialect.upstream.flatMap { from in Dialect.upstream.map { (name, from, $0) } }
  }

  @Test(arguments: streams)
  func `a stream has the same meaning in every dialect, wherever its bytes are cut`(
    name: String, from: Dialect, to: Dialect
  )
    throws
  {
    let stream = try #require(Self.read(Self.streamName(name, from)))
    let text = relay(stream, from: from, to: CallEndpoint(to, form: to == .gemini ? .events : .standard))
    let own = try #require(Self.read(Self.streamName(name, to)))
    let (said, meant) = (Meaning(stream: Array(text.utf8), in: to), Meaning(stream: own, in: to))
    #expect(said.less(from, to) == meant.less(from, to), "\(text)")
    // Only the reader sees how bytes are cut, so one writer is enough.
    guard to == (from == .openAI ? .anthropic : .openAI) else { return }
    for cut in 1..<stream.count {
      let again = relay(
        stream, from: from, to: CallEndpoint(to, form: to == .gemini ? .events : .standard), cutAt: [cut])
      if again != text {
        Issue.record("cut at \(cut): \(again)")
        break
      }
    }
  }

  private static let wholes = Self.cases(".openai.json").flatMap { name in
    Dialect.upstream.flatMap { from in Dialect.upstream.map { (name, from, $0) } }
  }

  @Test(arguments: wholes)
  func `a non-streaming answer has the same meaning in every dialect`(name: String, from: Dialect, to: Dialect)
    throws
  {
    let json = try #require(Self.read("\(name).\(from.rawValue).json"))
    let own = try #require(Self.read("\(name).\(to.rawValue).json"))
    let out = try answer(json, from: from, to: CallEndpoint(to))
    let said = Meaning(Answer(try to.row.readAnswer(out.span), out.span))
    let meant = Meaning(Answer(try to.row.readAnswer(own.span), own.span))
    #expect(said.less(from, to) == meant.less(from, to), "\(String(decoding: out, as: UTF8.self))")
  }

  /// Responses has no reader, so the output is compared with a file in which IDs are numbers.
  @Test(arguments: Self.cases(".openai.sse").flatMap { name in Dialect.upstream.map { (name, $0) } })
  func `a stream of every dialect becomes a Responses stream`(name: String, from: Dialect) throws {
    let stream = try #require(Self.read(Self.streamName(name, from)))
    let text = relay(stream, from: from, to: CallEndpoint(.responses))
    let special = "\(name).\(from.rawValue)-responses.sse"
    if ProcessInfo.processInfo.environment["HOOSH_WRITE_FIXTURES"] != nil {
      try Data(text.utf8).write(to: Self.folder.appending(path: special))
      Issue.record("\(special) was written; read it, and run the tests without HOOSH_WRITE_FIXTURES")
    }
    let expected = try #require(Self.read(special), "no file \(special)")
    #expect(text == String(decoding: expected, as: UTF8.self))
  }
}

/// The meaning of an answer, as far as dialects can be compared.
private struct Meaning: Equatable {
  var blocks: [Answer.Block]
  var counts: TokenCounts
  var reason: FinishReason?
  var failure: String?

  init(_ answer: Answer) {
    blocks = answer.blocks
    counts = answer.counts
    reason = answer.reason
  }

  init(stream: [UInt8], in dialect: Dialect) {
    var reader = AnswerReader(dialect)
    var answer = Answer()
    var failure: String?
    forEachEvent(of: stream + Array("\n\n".utf8), in: dialect) { data, _ in
      var found: [ChatEvent] = []
      do throws(AttemptFailure) { try reader.read(data.span, into: &found) } catch { failure = "\(error)" }
      for event in found {
        if case .failed(let error) = event { failure = error.message }
        answer.take(event, data.span)
      }
    }
    self.init(answer)
    if let range = String(decoding: stream, as: UTF8.self).range(of: "failed: ") {
      let text = String(decoding: stream, as: UTF8.self)[range.upperBound...]
      self.failure = text.contains("Overloaded") ? "Overloaded" : "broken"
    } else {
      self.failure = failure ?? (answer.reason == nil ? "broken" : nil)
    }
  }

  /// The meaning without the parts that one of two dialects lacks.
  func less(_ from: Dialect, _ to: Dialect) -> Meaning {
    var meaning = self
    // The counts before a failure differ by dialect.
    if failure != nil { meaning.counts = TokenCounts() }
    let both = [from, to]
    if both.contains(.ollama) {
      meaning.counts.cached = nil
      if reason == .filtered { meaning.reason = .stop }
    }
    meaning.counts.cacheWritten = nil
    meaning.counts.thinking = nil
    if meaning.counts.cached == 0 { meaning.counts.cached = nil }
    let hasSignatures = !both.contains(.ollama) && !both.contains(.openAI)
    meaning.blocks = blocks.map { block in
      switch block {
      case .thinking(let text, let signature): .thinking(text, signature: hasSignatures ? signature : [])
      case .toolCall(let id, let name, let arguments, let signature):
        .toolCall(
          id: both.contains(.ollama) || both.contains(.gemini) ? [] : id, name: name, arguments: arguments,
          signature: hasSignatures ? signature : [])
      default: block
      }
    }
    return meaning
  }
}
