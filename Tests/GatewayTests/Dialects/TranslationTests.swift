import Foundation
import Testing

@testable import Gateway

/// Golden fixtures: `<case>.<dialect>.sse` is a stream, `<case>.<dialect>.json` a whole answer, and
/// `<case>.request.<dialect>.json` a request. `HOOSH_WRITE_FIXTURES=1` writes what comes out, to be read before it is kept.
@Suite struct TranslationTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
  private static let writes = ProcessInfo.processInfo.environment["HOOSH_WRITE_FIXTURES"] != nil

  /// The cases that have a fixture with this ending.
  private static func cases(_ ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }

  private func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: Self.folder.appending(path: name)))
  }

  private func expect(_ out: [UInt8], isIn name: String) throws {
    if Self.writes { try Data(out).write(to: Self.folder.appending(path: name)) }
    let golden = try read(name)
    #expect(out == golden, "\(name): \(String(decoding: out, as: UTF8.self))")
  }

  /// What an OpenAI client gets of a stream whose bytes come in pieces that end at `cuts`.
  private func relay(_ stream: [UInt8], cutAt cuts: [Int]) -> String {
    var events = EventReader()
    var translator = Translator(from: .anthropic)!
    var chat = ChatStream(modelToken: Array(#""m""#.utf8), asksUsage: true, id: "r1", created: 1700)
    var out: [UInt8] = []
    do throws(UpstreamFailure) {
      var start = 0
      for end in cuts + [stream.count] {
        let piece = stream.span.extracting(start..<end)
        var offset = 0
        start = end
        while (try? events.next(in: piece, from: &offset)) ?? false {
          for data in try translator.translate(events.data.span) {
            if try chat.take(data.span, into: &out) == .done { chat.finish(promptBytes: 0, into: &out) }
          }
        }
      }
    } catch {
      out += Array("failed: \(error)\n".utf8)
    }
    return String(decoding: out, as: UTF8.self)
  }

  @Test(arguments: cases(".anthropic.sse"))
  func `a stream becomes the same chunks however its bytes are cut`(name: String) throws {
    let stream = try read(name + ".anthropic.sse")
    let whole = relay(stream, cutAt: [])
    try expect(Array(whole.utf8), isIn: name + ".openai.sse")
    for cut in 1..<stream.count { #expect(relay(stream, cutAt: [cut]) == whole, "cut at \(cut)") }
    #expect(relay(stream, cutAt: Array(1..<stream.count)) == whole, "byte by byte")
  }

  @Test(arguments: cases(".anthropic.json").filter { !$0.hasSuffix(".request") })
  func `a whole answer becomes a completion`(name: String) throws {
    let json = try read(name + ".anthropic.json")
    let out = try Translator(from: .anthropic)!.whole(json.span, id: "r1", created: 1700)
    try expect(out + [0x0a], isIn: name + ".openai.json")
    #expect((try? JSONSerialization.jsonObject(with: Data(out))) != nil)
    _ = try ChatAnswer.relay(out.span, modelToken: Array(#""m""#.utf8))
  }

  @Test(arguments: cases(".request.openai.json"))
  func `a request becomes one of Messages`(name: String) throws {
    let json = try read(name + ".request.openai.json")
    let chat = try ChatRequest.read(json.span)
    let request = try MessagesRequest(json.span, model: "claude-x", maxTokensLimit: 8192, streams: chat.streams)
    let dropped = request.dropped.isEmpty ? "" : "dropped: \(request.dropped.joined(separator: ","))\n"
    try expect(request.body + [0x0a] + Array(dropped.utf8), isIn: name + ".request.anthropic.json")
    #expect((try? JSONSerialization.jsonObject(with: Data(request.body))) != nil)
  }
}
