import Foundation
import Testing

@testable import Support

@Suite struct CheckTests {
  @Test func `a check online names each provider that cannot be reached`() throws {
    let (listener, port) = Sockets.listen()
    close(listener)
    let provider = "[[providers]]\ntype = \"Ollama\"\nname = \"attic\"\nbase_url = \"http://127.0.0.1:\(port)\"\n"
    let demo = "[[providers]]\ntype = \"Demo\"\n"
    let offline = try Run.hoosh(["check", "f.toml"], files: ["f.toml": demo + provider])
    #expect(offline.status == 0)
    let online = try Run.hoosh(["check", "--online", "f.toml"], files: ["f.toml": demo + provider])
    #expect(online.status == 69)
    #expect(online.errors.contains("attic cannot be reached: the connection was refused"))
    let disabled = try Run.hoosh(
      ["check", "--online", "f.toml"], files: ["f.toml": demo + provider + "enabled = false\n"])
    #expect(disabled.status == 0)
    #expect(disabled.output.contains("every enabled provider can be reached"))
  }

  @Test func `a check online passes for a gateway as a provider, and names a key that is rejected`() throws {
    let text = "[server]\nport = 0\n[[providers]]\ntype = \"Demo\"\n[auth]\ntokens = [\"the-key-of-the-house\"]\n"
    let program = try Program(["serve"], files: ["hoosh.toml": text])
    let url = "http://127.0.0.1:\(try program.port())"
    let provider = "[[providers]]\ntype = \"OpenAiCompatible\"\nname = \"up\"\nbase_url = \"\(url)\"\napi_key = "
    let right = try Run.hoosh(
      ["check", "--online", "f.toml"], files: ["f.toml": provider + "\"the-key-of-the-house\"\n"])
    #expect(right.status == 0, "\(right.errors)")
    let wrong = try Run.hoosh(["check", "--online", "f.toml"], files: ["f.toml": provider + "\"wrong\"\n"])
    #expect(wrong.status == 69)
    #expect(wrong.errors.contains("up rejects the API key"))
    _ = program
  }

  @Test func `contradictions, and the word at fault, are told with status 78`() throws {
    let text =
      "[[providers]]\ntype = \"Demo\"\nmodels = [\"demo\"]\n[[virtual_models]]\nname = \"best\"\ntargets = [\"best\"]\n"
    let run = try Run.hoosh(["check", "f.toml"], files: ["f.toml": text])
    #expect(run.status == 78)
    #expect(run.errors.contains(/f\.toml:6:\d+: .*best/))
  }
}
