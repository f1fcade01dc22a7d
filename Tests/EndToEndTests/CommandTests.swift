import Foundation
import Gateway
import Testing

@testable import Support

@Suite struct CommandTests {
  @Test(arguments: [["--version"], ["version"]])
  func `the version is told`(arguments: [String]) throws {
    let run = try Run.hoosh(arguments)
    #expect(run.status == 0)
    #expect(run.output.contains(Gateway.version))
    #expect(run.errors.isEmpty)
  }

  @Test func `a command line that makes no sense exits with 64`() throws {
    #expect(try Run.hoosh(["--no-such-option"]).status == 64)
    #expect(try Run.hoosh(["infer", "hello"]).status == 64)
  }

  @Test func `a good configuration is said to be right`() throws {
    let run = try Run.hoosh(["check", "good.toml"], files: ["good.toml": "[[providers]]\ntype = \"Demo\"\n"])
    #expect(run.status == 0)
    #expect(run.output.contains("good.toml: right; 1 provider"))
  }

  @Test func `a bad configuration exits with 78 and names file, line and column of each fault`() throws {
    let text = "[server]\nport = \"many\"\nprot = 1\n"
    let run = try Run.hoosh(["check", "bad.toml"], files: ["bad.toml": text])
    #expect(run.status == 78)
    #expect(run.errors.contains(/bad\.toml:2:\d+:/))
    #expect(run.errors.contains(/bad\.toml:3:\d+:/))
    #expect(run.output.isEmpty)
  }

  @Test func `a file that is not there exits with 74`() throws {
    let run = try Run.hoosh(["check", "none.toml"])
    #expect(run.status == 74)
    #expect(run.errors.contains("none.toml"))
  }

  @Test func `the example in the repository is right`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "hoosh.example.toml"), encoding: .utf8)
    let run = try Run.hoosh(["check", "hoosh.example.toml"], files: ["hoosh.example.toml": text])
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func `info says how connections are tuned and what is configured`() throws {
    let text = "[[providers]]\ntype = \"Ollama\"\nname = \"attic\"\n"
    let run = try Run.hoosh(["info"], files: ["hoosh.toml": text])
    #expect(run.status == 0)
    for row in [
      "hoosh \(Gateway.version)", "libcurl 7", "TCP_NODELAY", "TCP keep-alive", "client idle timeout",
      "upstream pools", "connect timeout", "JSON body limit", "attic", "HTTP/2 off",
    ] {
      #expect(run.output.contains(row), "no \(row) in \(run.output)")
    }
    #expect(!run.output.contains("\u{1b}"), "color is for terminals only")
  }

  @Test func `a configuration's secret is not shown`() throws {
    let text =
      "[[providers]]\ntype = \"OpenAi\"\napi_key = \"canary-secret\"\n[auth]\ntokens = [\"canary-token-1234567890\"]\n"
    let run = try Run.hoosh(["info"], files: ["hoosh.toml": text])
    #expect(run.status == 0, "\(run.errors)")
    #expect(!(run.output + run.errors).contains("canary"))
  }

  @Test(arguments: [["health"], ["models"], ["infer", "--model", "demo", "hello"]])
  func `where nothing listens the commands exit with 69`(arguments: [String]) throws {
    let (listener, port) = Sockets.listen()
    close(listener)
    let run = try Run.hoosh(arguments + ["--server", "http://127.0.0.1:\(port)"])
    #expect(run.status == 69)
    #expect(run.errors.contains("nothing answers"))
    #expect(run.output.isEmpty)
  }

  @Test func `an address that others reach is refused without tokens`() throws {
    let run = try Run.hoosh(["serve", "-p", "0", "--bind", "0.0.0.0"])
    #expect(run.status == 78)
    #expect(run.errors.contains("[auth] tokens"))
  }

  @Test func `a port that is taken is said, with what to do`() throws {
    let (listener, port) = Sockets.listen()
    defer { close(listener) }
    let run = try Run.hoosh(["serve", "-p", "\(port)"])
    #expect(run.status == 1)
    #expect(run.errors.contains("--port"))
    #expect(run.errors.contains("\(port)"))
  }
}
