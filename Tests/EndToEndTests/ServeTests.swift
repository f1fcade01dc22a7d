import Foundation
import Testing

@testable import Support

/// A client of a running program.
final class Caller {
  let client: TestClient

  init(_ port: Int) { client = TestClient(port: port) }

  /// Requests a stream from the demo provider.
  func ask(_ model: String, prompt: String = "hi", fields: [String] = []) {
    client.send(
      World.chat(
        #"{"model":"\#(model)","stream":true,"messages":[{"role":"user","content":"\#(prompt)"}]}"#, fields: fields)
    )
  }

  /// The response so far.
  var answer: HTTPMessage? { client.responses().first }

  /// Reads until the response is complete. Returns false if it is not complete in time.
  func finish(upTo time: Duration = .seconds(10)) -> Bool {
    eventually(upTo: time) {
      client.pump()
      return client.hasEnded || answer?.isComplete == true
    }
  }
}

extension String {
  /// The text fragments in the events of a stream.
  var pieces: [Substring] { matches(of: /"content":"([^"]*)"/).map(\.1) }
}

@Suite struct ServeTests {
  @Test func `without a configuration, the demo streams its answer token by token to the end`() throws {
    let program = try Program(["serve", "-p", "0"])
    let port = try program.port()
    #expect(program.errors.contains("curl -N http://127.0.0.1:\(port)/v1/chat/completions"))
    let caller = Caller(port)
    caller.ask("demo-tokens12-rate40-first20")
    var arrivals: [ContinuousClock.Instant] = []
    eventually {
      caller.client.pump()
      let count = caller.client.text.pieces.count
      while arrivals.count < count { arrivals.append(.now) }
      return caller.answer?.isComplete == true
    }
    let answer = try #require(caller.answer)
    #expect(answer.status == 200)
    #expect(answer.field("content-type")?.hasPrefix("text/event-stream") == true)
    #expect(answer.events.last == "[DONE]")
    #expect(answer.text.pieces.filter { !$0.isEmpty }.count == 12)
    let first = try #require(arrivals.first)
    let last = try #require(arrivals.last)
    #expect(last - first > .milliseconds(150), "tokens must not arrive all together")
    #expect(program.process.isRunning)
  }

  @Test func `two hundred concurrent streams all complete`() throws {
    let program = try Program(["serve", "-p", "0"])
    let port = try program.port()
    print("resident memory of an idle hoosh: \(residentKiB(program)) KiB")
    #expect(residentKiB(program) < 64 * 1024)
    let callers = (0..<200).map { _ in Caller(port) }
    for caller in callers { caller.ask("demo-tokens20-rate100-first50") }
    #expect(
      eventually(upTo: .seconds(10)) {
        for caller in callers { caller.client.pump() }
        return callers.allSatisfy { $0.client.text.contains("[DONE]") }
      })
    let texts = Set(callers.map { $0.answer?.text.pieces.joined() ?? "" })
    #expect(texts.count == 1)
    #expect(callers.allSatisfy { $0.answer?.isComplete == true })
  }

  private func residentKiB(_ program: Program) -> Int {
    let status =
      (try? String(contentsOfFile: "/proc/\(program.process.processIdentifier)/status", encoding: .utf8)) ?? ""
    return status.firstMatch(of: /VmRSS:\s+(\d+)/).flatMap { Int($0.1) } ?? .max
  }

  @Test
  func `a running gateway reloads a changed configuration, and rejects an invalid one with the reason`()
    throws
  {
    func configuration(_ model: String) -> String {
      // The list of models is cached for longer than this test waits, so only a reload can change it.
      "[server]\nmodels_cache_secs = 3600\n[[providers]]\nname = \"demo\"\ntype = \"demo\"\nmodels = [\"\(model)\"]\n"
    }
    let program = try Program(
      ["--port", "0", "--config", "a.toml"], files: ["a.toml": configuration("one")])
    let port = try program.port()
    func models() -> String {
      let caller = Caller(port)
      caller.client.send("GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n")
      return caller.finish() ? caller.client.text : ""
    }
    #expect(models().contains("\"one\""))
    func write(_ text: String) throws { try Data(text.utf8).write(to: program.folder.appending(path: "a.toml")) }
    try write("[server\n")
    #expect(eventually(upTo: .seconds(10)) { program.errors.contains("the previous configuration stays in use") })
    try write(configuration("two"))
    #expect(eventually(upTo: .seconds(10)) { models().contains("\"two\"") })
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `an idle gateway stops immediately on a signal`(signal: Int32) throws {
    let program = try Program(["serve", "-p", "0"])
    let caller = Caller(try program.port())
    caller.client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(caller.finish())
    program.signal(signal)
    #expect(program.wait() == 0)
    #expect(program.process.terminationReason == .exit)
    #expect(
      eventually {
        caller.client.pump(); return caller.client.hasEnded
      })
    #expect(!caller.client.wasReset)
  }

  @Test func `a running stream completes before the gateway stops, and no new client is accepted`() throws {
    let program = try Program(["serve", "-p", "0"])
    let port = try program.port()
    let caller = Caller(port)
    caller.ask("demo-tokens20-rate40-first10")
    #expect(
      eventually {
        caller.client.pump(); return !caller.client.received.isEmpty
      })
    program.signal(SIGTERM)
    #expect(eventually { !isListening(port) })
    #expect(program.process.isRunning)
    #expect(caller.finish())
    #expect(caller.answer?.isComplete == true)
    #expect(caller.answer?.events.last == "[DONE]")
    #expect(program.wait() == 0)
    #expect(program.errors.contains("completed"), "the last line must reach the access log")
  }

  private func isListening(_ port: Int) -> Bool {
    let descriptor = Sockets.make()
    defer { close(descriptor) }
    var address = Sockets.address(port)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  @Test func `a second signal stops the gateway during a stream, which then does not look complete`() throws {
    let program = try Program(["serve", "-p", "0"])
    let port = try program.port()
    let caller = Caller(port)
    caller.ask("demo-tokens1000-rate20-first10")
    #expect(
      eventually {
        caller.client.pump(); return caller.client.text.pieces.count > 2
      })
    program.signal(SIGTERM)
    #expect(eventually { !isListening(port) })
    #expect(program.process.isRunning)
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
    #expect(
      eventually {
        caller.client.pump(); return caller.client.hasEnded
      })
    #expect(caller.answer?.isComplete == false)
    #expect(!caller.client.text.contains("[DONE]"))
  }
}
