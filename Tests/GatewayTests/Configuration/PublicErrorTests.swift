import Testing

@testable import Gateway

/// The errors of a configuration, as far as callers read them.
@Suite struct PublicErrorTests {
  private static let secret = "ecretTOKENofSOMEONE99"

  private static func errors(_ text: String) throws -> ConfigurationErrors {
    try #require(throws: ConfigurationErrors.self) {
      _ = try Configuration.read(text: Array(text.utf8), file: "/etc/someone/hoosh.toml", environment: [:])
    }
  }

  @Test(arguments: [
    ("[auth]\ntokens = [\"$S\"]", "line 2, `auth.tokens[0]`"),
    ("[[providers]]\ntype = \"OpenAi\"\napi_key = \"$S\"", "line 3, `providers[0].api_key`"),
    ("[auth]\nS = true", "line 2."),
    ("[S]\nport = 1", "line 1."),
    ("[[S]]\nport = 1", "line 1."),
    ("\"auth[S]\" = 1", "line 1."),
    ("[access_log]\nformat = \"S\"", "line 2, `access_log.format`"),
    ("[server]\nbind = \"S\"", "line 2."),
    ("[[providers]]\ntype = \"S\"", "line 2, `providers[0].type`"),
    ("[[providers]]\ntype = \"Ollama\"\nbase_url = \"S\"", "line 3, `providers[0].base_url`"),
    ("[[providers]]\ntype = \"Ollama\"\nmodel_names.S = 1", "line 3, `providers[0].model_names`"),
    ("[[aliases]]\nname = \"a\"\nmodel = \"m\"\nprovider = \"S\"", "line 4, `aliases[0].provider`"),
    ("[auth]\ntokens = [\"S\", x]", "line 2."),
  ])
  func `callers read the line and hoosh's key, and nothing that the file says`(_ text: String, _ position: String)
    throws
  {
    let errors = try Self.errors(text.replacing("S", with: Self.secret))
    #expect("\(errors)".contains("/etc/someone/hoosh.toml"))
    #expect(errors.positions.contains(position), "\(errors.positions)")
    #expect(!errors.positions.contains(Self.secret))
    #expect(!errors.positions.contains("someone"))
  }

  @Test func `callers read ten positions and the number of the others`() throws {
    let lines = (0..<25).map { "x\($0) = 1" }.joined(separator: "\n")
    let positions = try Self.errors(lines).positions
    #expect(positions.contains("line 10; and 15 more."))
    #expect(!positions.contains("line 11"))
  }

  @Test func `an error without a position is on standard error only`() {
    let error = ConfigurationError(file: "a", message: "b")
    #expect(ConfigurationErrors([error]).positions == "Standard error has the reason.")
  }
}
