import Foundation
import Gateway
import Testing

@testable import Support

@Suite struct CommandTests {
  @Test(arguments: [["--version"], ["version"]])
  func `both forms of the version command print the version`(arguments: [String]) throws {
    let run = try Run.hoosh(arguments)
    #expect(run.status == 0)
    #expect(run.output.contains(Gateway.version))
    #expect(run.errors.isEmpty)
  }

  @Test func `an invalid command line exits with status 64`() throws {
    #expect(try Run.hoosh(["--no-such-option"]).status == 64)
    #expect(try Run.hoosh(["infer", "hello"]).status == 64)
  }

  @Test func `a valid configuration passes the check`() throws {
    let run = try Run.hoosh(["check", "good.toml"], files: ["good.toml": "[[providers]]\ntype = \"Demo\"\n"])
    #expect(run.status == 0)
    #expect(run.output.contains("good.toml: configuration is valid (1 provider enabled)"))
  }

  @Test func `an invalid configuration exits with status 78 and names file, line, and column of each error`() throws
  {
    let text = "[server]\nport = \"many\"\nprot = 1\n"
    let run = try Run.hoosh(["check", "bad.toml"], files: ["bad.toml": text])
    #expect(run.status == 78)
    #expect(run.errors.contains(/bad\.toml:2:\d+:/))
    #expect(run.errors.contains(/bad\.toml:3:\d+:/))
    #expect(run.output.isEmpty)
  }

  @Test func `a former name of a key is valid, with one warning that gives its line and its present name`() throws {
    let text = "[[providers]]\ntype = \"Demo\"\n[journal]\nformat = \"off\"\n"
    let run = try Run.hoosh(["check", "old.toml"], files: ["old.toml": text])
    #expect(run.status == 0)
    #expect(run.output.contains("old.toml: configuration is valid"))
    #expect(
      run.errors == "old.toml:4:1: warning: `journal.format` was renamed; write `access_log.format` instead\n")
  }

  @Test func `a missing file exits with status 74`() throws {
    let run = try Run.hoosh(["check", "none.toml"])
    #expect(run.status == 74)
    #expect(run.errors.contains("none.toml"))
  }

  @Test func `the example configuration in the repository is valid`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "hoosh.example.toml"), encoding: .utf8)
    let run = try Run.hoosh(["check", "hoosh.example.toml"], files: ["hoosh.example.toml": text])
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func `info shows connection settings and the configured providers`() throws {
    let text = "[[providers]]\ntype = \"Ollama\"\nname = \"attic\"\n"
    let run = try Run.hoosh(["info"], files: ["hoosh.toml": text])
    #expect(run.status == 0)
    for row in [
      "hoosh \(Gateway.version)", "libcurl 7", "TCP_NODELAY", "TCP keep-alive", "client idle timeout",
      "upstream pools", "connect timeout", "JSON body limit", "attic", "HTTP/2 off",
    ] {
      #expect(run.output.contains(row), "no \(row) in \(run.output)")
    }
    #expect(!run.output.contains("\u{1b}"), "only a terminal gets color")
  }

  @Test func `info never prints a secret of the configuration`() throws {
    let text =
      "[[providers]]\ntype = \"OpenAi\"\napi_key = \"canary-secret\"\n[auth]\ntokens = [\"canary-token-1234567890\"]\n"
    let run = try Run.hoosh(["info"], files: ["hoosh.toml": text])
    #expect(run.status == 0, "\(run.errors)")
    #expect(!(run.output + run.errors).contains("canary"))
  }

  @Test(arguments: [["health"], ["models"], ["infer", "--model", "demo", "hello"]])
  func `without a running gateway, the commands exit with status 69`(arguments: [String]) throws {
    let (listener, port) = Sockets.listen()
    close(listener)
    let run = try Run.hoosh(arguments + ["--server", "http://127.0.0.1:\(port)"])
    #expect(run.status == 69)
    #expect(run.errors.contains("cannot connect"))
    #expect(run.output.isEmpty)
  }

  @Test func `listening beyond loopback without tokens is an error`() throws {
    let run = try Run.hoosh(["serve", "-p", "0", "--bind", "0.0.0.0"])
    #expect(run.status == 78)
    #expect(run.errors.contains("[auth] tokens"))
  }

  @Test func `if the port is in use, the error suggests another one`() throws {
    let (listener, port) = Sockets.listen()
    defer { close(listener) }
    let run = try Run.hoosh(["serve", "-p", "\(port)"])
    #expect(run.status == 1)
    #expect(run.errors.contains("--port"))
    #expect(run.errors.contains("\(port)"))
  }
}
