import Foundation
import Reactor
import Support
import Testing

@testable import Gateway

/// Every way in which a request can end leaves exactly one record.
@Suite struct ConclusionTests {
  /// The ways. A test fails if an outcome of `RequestRecord` has none.
  enum Way: String, CaseIterable {
    case answer, stream, otherEndpoint, subscription, modelLoad
    case malformedHead, unknownPath, wrongMethod, wrongHost, missingKey, largeBody, invalidBody, lateHead
    case tooManyClients, fullQueue, lateInQueue, begunBeforeDrain
    case failedProvider, brokenStream
    case leftWithinBody, leftInQueue, leftDuringAnswer, leftDuringStream, leftSubscription
    case stoppedDuringAnswer, stoppedDuringStream, stoppedSubscription

    var outcome: RequestRecord.Outcome {
      switch self {
      case .answer, .stream, .otherEndpoint, .subscription, .modelLoad, .begunBeforeDrain: .completed
      case .malformedHead, .unknownPath, .wrongMethod, .wrongHost, .missingKey, .largeBody, .invalidBody, .lateHead,
        .tooManyClients, .fullQueue, .lateInQueue:
        .rejected
      case .failedProvider: .failed
      case .brokenStream: .truncated
      case .leftWithinBody, .leftInQueue, .leftDuringAnswer, .leftDuringStream, .leftSubscription: .clientClosed
      case .stoppedDuringAnswer, .stoppedDuringStream, .stoppedSubscription: .shutdown
      }
    }
  }

  @Test func `every outcome has a way that leads to it`() {
    #expect(Set(Way.allCases.map(\.outcome)) == Set(RequestRecord.Outcome.allCases))
  }

  @Test(arguments: Way.allCases)
  func `a request that ends leaves one record`(_ way: Way) throws {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "hoosh-conclusion-\(way.rawValue)-\(getpid())")
    defer { try? FileManager.default.removeItem(at: file) }
    let scene = try Scene(way, log: file.path())
    try scene.play(way)
    scene.world.gateway.stop()
    scene.world.settle()
    scene.world.gateway.stop()
    scene.world.gateway.accessLog.close()
    let entries = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter {
      $0.contains(scene.mark)
    }
    #expect(entries.count == 1, "\(entries)")
    #expect(entries.first?.contains(#""outcome":"\#(way.outcome.rawValue)""#) == true, "\(entries)")
    #expect(scene.world.gateway.recorder.concluded == scene.requests)
  }
}

/// One gateway, and a request that ends in one way.
private final class Scene {
  let world: World
  /// Part of the entry of the request that the test is about.
  private(set) var mark = ""
  /// Requests that began, the others included.
  private(set) var requests = 1

  init(_ way: ConclusionTests.Way, log: String) throws {
    var toml = "[server]\nclients_max = \(way == .tooManyClients ? 1 : 8)\nheader_timeout_secs = 5\n"
    if way == .missingKey { toml += "[auth]\ntokens = [\"k\"]\n" }
    toml += "[queue]\ntimeout_secs = 5\ncapacity = \(way == .fullQueue ? 1 : 8)\n"
    world = try World(
      clock: .manual, toml: toml, accessLog: "format = \"json\"\npath = \"\(log)\"",
      providers: "type = \"OpenAiCompatible\"\nmax_concurrent = 1", [{ _ in Self.steps(way) }])
  }

  private static func steps(_ way: ConclusionTests.Way) -> [Script.Step] {
    switch way {
    case .stream: Script.Step.shortStream
    case .failedProvider: Script.Step.json("{}", status: 400)
    case .brokenStream: [.streamHead, .text("a"), .fail(.truncated)]
    case .leftDuringStream, .stoppedDuringStream: [.streamHead, .text("a"), .wait(.seconds(60)), .done]
    case .leftDuringAnswer, .stoppedDuringAnswer, .leftInQueue, .lateInQueue, .fullQueue: [.wait(.seconds(60))]
    default: Script.Step.answer
    }
  }

  func play(_ way: ConclusionTests.Way) throws {
    switch way {
    case .answer, .failedProvider: try ask(World.chat(fields: id))
    case .stream, .brokenStream: try ask(World.streamingChat(fields: id))
    case .otherEndpoint: try ask(get("/v1/status"))
    case .modelLoad: try ask(World.post("/api/chat", #"{"model":"m"}"#, fields: id))
    case .subscription: try ask(get("/v1/events", method: "HEAD"), head: true)
    case .malformedHead: try ask(Array("GET / HTTP/9.9\r\n\r\n".utf8), mark: #""path":"-""#)
    case .unknownPath: try ask(get("/nowhere"))
    case .wrongMethod: try ask(get("/v1/chat/completions"))
    case .wrongHost: try ask(get("/v1/status", host: "elsewhere.example"))
    case .missingKey: try ask(World.chat(fields: id))
    case .largeBody: try ask(Array(head("content-length: 999999999999").utf8))
    case .invalidBody: try ask(World.chat("[]", fields: id))
    case .lateHead:
      let client = begin(Array("GET /v1/status HTTP/1.1\r\n".utf8))
      world.pass(.seconds(6))
      mark = #""status":408"#
      #expect(client.text.hasPrefix("HTTP/1.1 408"))
    case .tooManyClients:
      let first = begin([])
      let second = begin([])
      mark = #""status":503"#
      #expect(second.text.hasPrefix("HTTP/1.1 503"))
      first.leave()
    case .fullQueue, .lateInQueue, .leftInQueue: try wait(way)
    case .begunBeforeDrain:
      let client = begin(Array("GET".utf8))
      world.gateway.stop()
      world.settle()
      client.send(get("/v1/status").dropFirst(3).map { $0 })
      world.settle()
      #expect(client.text.hasPrefix("HTTP/1.1 200"))
    case .leftWithinBody: begin(Array((head("content-length: 100") + "{").utf8)).leave()
    case .leftDuringAnswer: begin(World.chat(fields: id)).leave()
    case .leftDuringStream: begin(World.streamingChat(fields: id)).leave()
    case .leftSubscription: begin(get("/v1/events")).reset()
    case .stoppedDuringAnswer: stop(begin(World.chat(fields: id)))
    case .stoppedDuringStream: stop(begin(World.streamingChat(fields: id)))
    case .stoppedSubscription: stop(begin(get("/v1/events")))
    }
    world.settle()
  }

  // MARK: Requests

  private let id = ["x-request-id: the-one"]

  private func head(_ field: String) -> String {
    "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\(id[0])\r\n\(field)\r\n\r\n"
  }

  private func get(_ path: String, method: String = "GET", host: String = "localhost") -> [UInt8] {
    Array("\(method) \(path) HTTP/1.1\r\nhost: \(host)\r\n\(id[0])\r\n\r\n".utf8)
  }

  private func begin(_ request: [UInt8]) -> TestClient {
    mark = "the-one"
    let client = world.connect()
    client.send(request)
    world.settle()
    return client
  }

  private func ask(_ request: [UInt8], head: Bool = false, mark: String = "the-one") throws {
    let client = begin(request)
    self.mark = mark
    #expect(!client.responses(head: head).isEmpty)
  }

  private func stop(_ client: TestClient) {
    world.gateway.stop()
    world.settle()
    world.gateway.stop()
    world.settle()
    #expect(!client.text.isEmpty)
  }

  /// One request takes the provider's only slot, and another waits for it.
  private func wait(_ way: ConclusionTests.Way) throws {
    requests = way == .fullQueue ? 3 : 2
    let first = begin(World.chat(fields: ["x-request-id: first"]))
    let waiting = begin(World.chat(fields: way == .fullQueue ? ["x-request-id: second"] : id))
    switch way {
    case .fullQueue:
      try ask(World.chat(fields: id))
    case .lateInQueue:
      world.pass(.seconds(6))
      #expect(waiting.text.hasPrefix("HTTP/1.1 503"))
    default: break
    }
    waiting.leave()
    first.leave()
    world.settle()
  }
}
