import Foundation
import Testing

@testable import Support

/// The status of a running gateway, and the limits of its command line.
@Suite struct StatusTests {
  @Test func `info shows the status of a running gateway`() throws {
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

  @Test func `info shows the providers, and the limits, budgets, and spend of its key`() throws {
    let toml = """
      [auth]
      tokens = ["a-token"]
      [[providers]]
      name = "demo"
      type = "Demo"
      [[limits]]
      requests_per_minute = 7
      [[budgets]]
      name = "month"
      per = "everyone"
      capacity = 1000000

      """
    let program = try Program(["serve", "-p", "0"], files: ["hoosh.toml": toml])
    let port = try program.port()
    let caller = Caller(port)
    caller.ask("demo-tokens3-rate0-first0", fields: ["api-key: a-token"])
    #expect(caller.finish())
    let run = try Run.hoosh(["info", "--server", "127.0.0.1:\(port)", "--key", "a-token"])
    #expect(run.status == 0, "\(run.errors)")
    let rows = [
      "  demo +(healthy|unknown)", "  name +key-1", "  limit of requests per key +1 of 7 requests, ",
      "  budget month per everyone +[1-9][0-9]* of 1000000 tokens, ", "  spend requests +1",
    ]
    for row in rows {
      #expect(run.output.range(of: row, options: .regularExpression) != nil, "no \(row) in \(run.output)")
    }
    #expect(try Run.hoosh(["info", "--server", "127.0.0.1:\(port)"]).status == 1)
  }

  @Test func `info reports that no gateway is running`() throws {
    let run = try Run.hoosh(["info", "--server", "http://127.0.0.1:1"])
    #expect(run.status == 69)
    #expect(run.errors.contains("cannot connect"))
  }

  @Test func `above the memory limit, chat requests are rejected`() throws {
    let program = try Program(["serve", "-p", "0", "--max-memory", "1k"])
    let caller = Caller(try program.port())
    caller.ask("demo")
    #expect(caller.finish())
    #expect(caller.answer?.status == 503)
  }

  @Test(arguments: ["x", "-1", "1T", "9999999999999", "1MM"])
  func `an invalid memory size is rejected`(text: String) throws {
    let run = try Run.hoosh(["serve", "-p", "0", "--max-memory=\(text)"])
    #expect(run.status == 64)
    #expect(run.errors.contains("A size is"), "\(run.errors)")
  }

  @Test func `an inherited descriptor that is not a listening socket is an error`() throws {
    let run = try Run.hoosh(["serve", "-p", "0"], environment: ["LISTEN_FDS": "1"])
    #expect(run.status == 1)
    #expect(run.errors.contains("inherited descriptor 3"), "\(run.errors)")
  }

  @Test func `descriptors meant for another process are not used`() throws {
    let program = try Program(["serve", "-p", "0"], environment: ["LISTEN_FDS": "1", "LISTEN_PID": "1"])
    #expect(try program.port() > 0)
  }
}
