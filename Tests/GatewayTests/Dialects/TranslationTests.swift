import Foundation
import Testing

@testable import Gateway

/// Golden fixtures: `<case>.<dialect>.sse` is a stream, `<case>.<dialect>.json` a non-streaming answer, and
/// `<case>.request.<dialect>.json` a request. `HOOSH_WRITE_FIXTURES=1` writes the output to the files, for review.
@Suite struct TranslationTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
  private static let writes = ProcessInfo.processInfo.environment["HOOSH_WRITE_FIXTURES"] != nil

  /// The cases that have a fixture with this extension.
  private static func cases(_ ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }

  private func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: Self.folder.appending(path: name)))
  }

  private func expect(_ out: [UInt8], isIn name: String) throws {
    if Self.writes {
      try Data(out).write(to: Self.folder.appending(path: name))
      Issue.record("\(name) was written; read it, and run the tests without HOOSH_WRITE_FIXTURES")
    }
    let golden = try read(name)
    #expect(out == golden, "\(name): \(String(decoding: out, as: UTF8.self))")
  }

  @Test(arguments: cases(".anthropic.sse"))
  func `a stream becomes the same chunks wherever its bytes are cut`(name: String) throws {
    let stream = try read(name + ".anthropic.sse")
    let openAI = CallEndpoint(.openAI)
    let whole = relay(stream, from: .anthropic, to: openAI)
    try expect(Array(whole.utf8), isIn: name + ".openai.sse")
    for cut in 1..<stream.count {
      #expect(relay(stream, from: .anthropic, to: openAI, cutAt: [cut]) == whole, "cut at \(cut)")
    }
    #expect(relay(stream, from: .anthropic, to: openAI, cutAt: Array(1..<stream.count)) == whole, "byte by byte")
  }

  @Test(arguments: cases(".anthropic.json").filter { !$0.hasSuffix(".request") })
  func `a non-streaming answer becomes a completion`(name: String) throws {
    let json = try read(name + ".anthropic.json")
    let out = try answer(json, from: .anthropic, to: CallEndpoint(.openAI))
    try expect(out + [0x0a], isIn: name + ".openai.json")
    #expect((try? JSONSerialization.jsonObject(with: Data(out))) != nil)
    _ = try ChatAnswer.relay(out.span, modelToken: Array(#""m""#.utf8))
  }

  @Test(arguments: cases(".request.openai.json"))
  func `a request becomes an Anthropic request`(name: String) throws {
    let json = try read(name + ".request.openai.json")
    let chat = try ChatRequest.read(json.span)
    let target = WriteTarget(model: "claude-x", maxTokensLimit: 8192, streams: chat.streams)
    let conversation = try CompletionsRequestReader.read(json.span)
    let request = try MessagesRequestWriter.write(conversation, json.span, for: target)
    let dropped = request.dropped.names.isEmpty ? "" : "dropped: \(request.dropped.names.joined(separator: ","))\n"
    try expect(request.body + [0x0a] + Array(dropped.utf8), isIn: name + ".request.anthropic.json")
    #expect((try? JSONSerialization.jsonObject(with: Data(request.body))) != nil)
  }
}
