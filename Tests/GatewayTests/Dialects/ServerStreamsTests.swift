import Foundation
@testable import Gateway
import Testing

@Suite struct ServerStreamsTests {
  @Test(arguments: ServerStreams.all.indices, [false, true])
  func `every server's stream keeps the contract`(_ index: Int, _ wantsUsage: Bool) throws {
    let stream = ServerStreams.all[index]
    var feed = ChatFeed(wantsUsage: wantsUsage)
    var out = ""
    for chunk in stream.chunks {
      let step = feed.take(chunk)
      #expect(step.failure == nil)
      out += step.text
    }
    #expect(feed.chat.isFinished)
    out += feed.finish()
    let data = out.split(separator: "\n\n").map { $0.dropFirst(6) }
    #expect(data.last == "[DONE]")
    var text = ""
    var finishes = 0
    var usages = 0
    for json in data.dropLast() {
      #expect(ChatFeed.hasUniqueKeys(String(json)) == true)
      let chunk = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      #expect(chunk["model"] as? String == "m")
      #expect(chunk["id"] is String)
      if chunk["usage"] is [String: Any] { usages += 1 }
      if !wantsUsage { #expect(chunk["usage"] == nil) }
      let choices = try #require(chunk["choices"] as? [[String: Any]])
      for choice in choices {
        #expect(choice["index"] as? Int == 0)
        if choice["finish_reason"] is String { finishes += 1 }
        let delta = try #require(choice["delta"] as? [String: Any])
        text += delta["content"] as? String ?? ""
      }
    }
    #expect(text == stream.text)
    #expect(finishes == 1)
    #expect(usages == (wantsUsage ? 1 : 0))
    #expect(feed.chat.usage?.prompt == stream.usage?.prompt)
    #expect(feed.chat.usage?.completion == stream.usage?.completion)
  }

  @Test(arguments: ServerStreams.all.indices)
  func `every server's chunks pass unchanged except for the model`(_ index: Int) throws {
    let stream = ServerStreams.all[index]
    var feed = ChatFeed(wantsUsage: true)
    var finished = false
    for chunk in stream.chunks {
      let names = ["tiny.gguf", "org/Model-7B", "tiny:latest", "deep-r", "org/model", "model-2026"]
      var expected = names.reduce(chunk) { $0.replacing("\"\($1)\"", with: "\"m\"") }
      expected = expected.replacing(#""model":"""#, with: #""model":"m""#)
      // One server sends the finish reason twice.
      if finished { expected = expected.replacing(#""finish_reason":"stop""#, with: #""finish_reason":null"#) }
      // Usage in a chunk with choices is held until the end.
      if !chunk.contains(#""choices":[]"#) { expected = expected.replacing(#/,"usage":\{[^}]*\}/#, with: "") }
      #expect(feed.relay(chunk) == expected)
      finished = finished || feed.chat.isFinished
    }
  }
}
