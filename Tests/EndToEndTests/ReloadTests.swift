import Foundation
import Testing

@testable import Support

/// Changes of the configuration of a running program, and the lines about them on standard error.
@Suite struct ReloadTests {
  private static let demo = "[[providers]]\ntype = \"Demo\"\n"
  private static let keyed = demo + "[auth]\ntokens = [\"a-key-of-the-callers\"]\n"

  private static func status(_ port: Int, _ fields: [String] = []) -> Int? {
    let caller = Caller(port)
    caller.ask("demo-tokens1-rate0-first0", fields: fields)
    _ = caller.finish()
    return caller.answer?.status
  }

  private static func write(_ program: Program, _ text: String) throws {
    try Data(text.utf8).write(to: program.folder.appending(path: "hoosh.toml"))
  }

  @Test func `a file that loses its keys changes nothing until it says that it is open`() throws {
    let program = try Program(["serve", "-p", "0"], files: ["hoosh.toml": Self.keyed])
    let port = try program.port()
    #expect(Self.status(port) == 401)
    try Self.write(program, Self.demo)
    program.signal(SIGHUP)
    #expect(eventually { program.errors.contains("reload failed") && program.errors.contains("auth.tokens") })
    #expect(Self.status(port) == 401)
    try Self.write(program, Self.demo + "[auth]\nopen = true\n")
    program.signal(SIGHUP)
    #expect(eventually { program.errors.contains("the configuration was reloaded") })
    #expect(Self.status(port) == 200)
  }

  @Test func `a reload names what takes a restart, and an end says that it is one`() throws {
    let program = try Program(["serve", "-p", "0"], files: ["hoosh.toml": Self.demo])
    _ = try program.port()
    try Self.write(program, "[server]\nclients_max = 7\n" + Self.demo)
    program.signal(SIGHUP)
    #expect(eventually { program.errors.contains("a restart is needed for server.clients_max") })
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
    #expect(program.errors.contains("hoosh: stopped"))
  }

  @Test func `a folder that takes the place of another brings its file`() throws {
    let program = try Program(
      ["serve", "-p", "0", "-c", "conf/hoosh.toml"],
      files: ["conf/hoosh.toml": Self.demo, "new/hoosh.toml": Self.keyed])
    let port = try program.port()
    #expect(Self.status(port) == 200)
    let folder = program.folder.path
    #expect(rename("\(folder)/conf", "\(folder)/old") == 0 && rename("\(folder)/new", "\(folder)/conf") == 0)
    #expect(eventually { Self.status(port) == 401 })
  }

  @Test func `a file that is there but cannot be read ends the start`() throws {
    let program = try Program(["serve", "-p", "0"], links: ["hoosh.toml": "/nonexistent/later.toml"])
    #expect(program.wait() == 74)
    #expect(program.errors.contains("hoosh.toml"))
    let folder = try Program(["serve", "-p", "0"], files: ["hoosh.toml/inside": ""])
    #expect(folder.wait() == 74)
  }

  @Test func `a check reads a pipe to its end, and an empty one is an empty file`() throws {
    for (text, status) in [(Self.demo, 0), ("[server\n", 78), ("", 0)] as [(String, Int32)] {
      let program = try Program(["check", "/dev/stdin"], input: text)
      #expect(program.wait() == status, "\(program.errors)")
    }
  }
}
