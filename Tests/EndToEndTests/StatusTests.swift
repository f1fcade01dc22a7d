import Foundation
import Testing

@testable import Support

/// What a running gateway says of itself, and the limits of its command line.
@Suite struct StatusTests {
  @Test func `info shows what a running gateway holds and how its loop fares`() throws {
    let program = try Program(["serve", "-p", "0"])
    let port = try program.port()
    let caller = Caller(port)
    caller.ask("demo-tokens3-rate0-first0")
    #expect(caller.finish())
    let run = try Run.hoosh(["info", "--server", "http://127.0.0.1:\(port)"])
    #expect(run.status == 0, "\(run.errors)")
    for row in [
      "clients open", "clients max", "transfers started", "bytes resident", "loop lag_us p99", "draining",
    ] {
      #expect(run.output.contains(row), "no \(row) in \(run.output)")
    }
  }

  @Test func `without a gateway there info says so`() throws {
    let run = try Run.hoosh(["info", "--server", "http://127.0.0.1:1"])
    #expect(run.status == 69)
    #expect(run.errors.contains("nothing answers"))
  }

  @Test func `a limit of memory refuses chats`() throws {
    let program = try Program(["serve", "-p", "0", "--max-memory", "1k"])
    let caller = Caller(try program.port())
    caller.ask("demo")
    #expect(caller.finish())
    #expect(caller.answer?.status == 503)
  }

  @Test(arguments: ["x", "-1", "1T", "9999999999999", "1MM"])
  func `what is no size is refused`(text: String) throws {
    let run = try Run.hoosh(["serve", "-p", "0", "--max-memory=\(text)"])
    #expect(run.status == 64)
    #expect(run.errors.contains("A size is"), "\(run.errors)")
  }

  @Test func `an inherited descriptor that is no listening socket is told`() throws {
    let run = try Run.hoosh(["serve", "-p", "0"], environment: ["LISTEN_FDS": "1"])
    #expect(run.status == 1)
    #expect(run.errors.contains("inherited descriptor 3"), "\(run.errors)")
  }

  @Test func `descriptors that are meant for another process are left alone`() throws {
    let program = try Program(["serve", "-p", "0"], environment: ["LISTEN_FDS": "1", "LISTEN_PID": "1"])
    #expect(try program.port() > 0)
  }
}
