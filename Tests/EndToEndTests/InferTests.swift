import Foundation
import Testing

@testable import Support

@Suite struct InferTests {
  private static let words = "This answer comes from hoosh itself."

  private func start(keys: Bool = false) throws -> (program: Program, server: [String]) {
    var text =
      "[server]\nport = 0\n[[providers]]\ntype = \"Demo\"\nmodels = [\"demo\", \"demo-*\"]\ndemo.first_token_ms = 0\n"
    text += "demo.tokens_per_second = 0\n[access_log]\nformat = \"off\"\n"
    if keys { text += "[auth]\ntokens = [\"the-key-of-the-house\"]\n" }
    let program = try Program(["serve"], files: ["hoosh.toml": text])
    return (program, ["--server", "http://127.0.0.1:\(try program.port())"])
  }

  @Test(arguments: [[], ["--stream"]])
  func `infer prints only the answer`(options: [String]) throws {
    let (program, server) = try start()
    let run = try Run.hoosh(["infer", "--model", "demo-tokens6", "Hello"] + options + server)
    #expect(run.status == 0)
    #expect(run.output == Self.words + "\n")
    #expect(run.errors.isEmpty)
    _ = program
  }

  @Test(arguments: [(60_000, []), (3000, ["--stream"])])
  func `a long answer is printed completely`(tokens: Int, options: [String]) throws {
    let (program, server) = try start()
    let run = try Run.hoosh(["infer", "--model", "demo-tokens\(tokens)", "Hello"] + options + server)
    #expect(run.status == 0)
    #expect(run.output.split(separator: " ").count == tokens)
    _ = program
  }

  @Test(arguments: [[], ["--stream"]])
  func `an API error is printed with its message and exits with status 1`(options: [String]) throws {
    let (program, server) = try start()
    let run = try Run.hoosh(["infer", "--model", "unknown", "Hello"] + options + server)
    #expect(run.status == 1)
    #expect(run.errors.contains("unknown"))
    #expect(run.output.isEmpty)
    _ = program
  }

  @Test(arguments: [[], ["--stream"]])
  func `an answer that is cut off exits with status 1`(options: [String]) throws {
    let (program, server) = try start()
    let run = try Run.hoosh(["infer", "--model", "demo-tokens10-during", "Hello"] + options + server)
    #expect(run.status == 1)
    #expect(!run.errors.isEmpty)
    _ = program
  }

  @Test func `the models and health commands work`() throws {
    let (program, server) = try start()
    let models = try Run.hoosh(["models"] + server)
    #expect(models.status == 0)
    #expect(models.output.split(separator: "\n").contains { $0 == "demo" })
    let health = try Run.hoosh(["health"] + server)
    #expect(health.status == 0)
    #expect(!health.output.isEmpty)
    _ = program
  }

  @Test func `the API key comes from the option or from the environment`() throws {
    let (program, server) = try start(keys: true)
    let ask = ["infer", "--model", "demo-tokens6", "Hello"] + server
    let without = try Run.hoosh(ask)
    #expect(without.status == 1)
    #expect(!without.errors.isEmpty)
    #expect(try Run.hoosh(ask + ["--key", "the-key-of-the-house"]).output == Self.words + "\n")
    #expect(try Run.hoosh(ask, environment: ["HOOSH_KEY": "the-key-of-the-house"]).output == Self.words + "\n")
    let wrong = try Run.hoosh(ask + ["--key", "another-key"], environment: ["HOOSH_KEY": "the-key-of-the-house"])
    #expect(wrong.status == 1)
    #expect(!wrong.errors.contains("another-key"))
    _ = program
  }
}
