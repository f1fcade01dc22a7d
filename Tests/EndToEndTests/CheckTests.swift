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

  @Test func `a check names a proxy and a socket that cannot be reached, and shows no password`() throws {
    let (listener, port) = Sockets.listen()
    close(listener)
    let text = """
      [[providers]]
      type = "OpenAiCompatible"
      name = "office"
      base_url = "https://models.example"
      proxy = "http://me:the-password@127.0.0.1:\(port)"
      [[providers]]
      type = "LlamaCpp"
      name = "llama"
      base_url = "unix:/run/no-such-hoosh.sock"
      """
    // The variables are not those of a proxy for the socket, nor for a provider without the key.
    let run = try Run.hoosh(
      ["check", "--online", "f.toml"], files: ["f.toml": text], environment: ["all_proxy": "http://127.0.0.1:1"])
    #expect(run.status == 69)
    #expect(
      run.errors.contains("office cannot be reached: the proxy is unknown, refused the connection, or closed it"))
    #expect(run.errors.contains("llama cannot be reached: the connection was refused"))
    let info = try Run.hoosh(["info", "--config", "f.toml", "--no-drivers"], files: ["f.toml": text])
    #expect(info.output.contains("https://models.example through http://***@127.0.0.1:\(port)"))
    #expect(![run.output, run.errors, info.output, info.errors].joined().contains("the-password"))
  }

  @Test func `variables of the environment name a proxy only where the provider says so`() throws {
    let (listener, port) = Sockets.listen()
    close(listener)
    let gateway = try Program(
      ["serve"], files: ["hoosh.toml": "[server]\nport = 0\n[[providers]]\ntype = \"Demo\"\n"])
    let up =
      "[[providers]]\ntype = \"OpenAiCompatible\"\nname = \"up\"\nbase_url = \"http://127.0.0.1:\(try gateway.port())\"\n"
    let names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    let environment = Dictionary(uniqueKeysWithValues: names.map { ($0, "http://127.0.0.1:\(port)") })
    let without = try Run.hoosh(["check", "--online", "f.toml"], files: ["f.toml": up], environment: environment)
    #expect(without.status == 0, "\(without.errors)")
    let with = try Run.hoosh(
      ["check", "--online", "f.toml"], files: ["f.toml": up + "proxy = \"environment\"\n"], environment: environment
    )
    #expect(with.status == 69)
    #expect(
      with.errors.contains("up cannot be reached: the proxy is unknown, refused the connection, or closed it"))
  }
}
