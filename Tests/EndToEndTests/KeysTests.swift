import Foundation
import Testing

@testable import Support

/// `hoosh keys`, and the key file of a running gateway.
@Suite struct KeysTests {
  private static let toml = "[auth]\nkey_file = \"hoosh.keys\"\n[[providers]]\ntype = \"Demo\"\n"

  private static func status(_ port: Int, _ key: String?) -> Int? {
    let caller = Caller(port)
    caller.ask("demo-tokens1-rate0-first0", fields: key.map { ["x-api-key: \($0)"] } ?? [])
    _ = caller.finish()
    return caller.answer?.status
  }

  /// Runs `hoosh keys` in the folder of a program.
  private static func keys(_ program: Program, _ arguments: String...) throws -> Run {
    let folder = program.folder.path
    return try Run.hoosh(["keys"] + arguments + ["--file", "\(folder)/hoosh.keys"])
  }

  private static func key(_ run: Run) -> String { run.output.trimmingCharacters(in: .newlines) }

  @Test func `a running gateway takes keys as they are made, rotated, and revoked`() throws {
    let program = try Program(["serve", "-p", "0"], files: ["hoosh.toml": Self.toml])
    let port = try program.port()
    #expect(program.errors.contains("hoosh.keys does not exist yet"))
    #expect(Self.status(port, nil) == 401)
    let first = Self.key(try Self.keys(program, "create", "ci"))
    #expect(first.hasPrefix("sk-hoosh-"))
    #expect(eventually { Self.status(port, first) == 200 })
    let second = Self.key(try Self.keys(program, "rotate", "ci"))
    #expect(eventually { Self.status(port, second) == 200 })
    #expect(Self.status(port, first) == 200)
    let third = Self.key(try Self.keys(program, "rotate", "ci", "--grace", "0"))
    #expect(eventually { Self.status(port, third) == 200 })
    #expect([first, second].map { Self.status(port, $0) } == [401, 401])
    #expect(try Self.keys(program, "revoke", "ci").status == 0)
    #expect(eventually { Self.status(port, third) == 401 })
    for key in [first, second, third] {
      #expect(!program.errors.contains(key) && program.file("hoosh.keys")?.contains(key) == false)
    }
  }

  @Test func `a damaged key file leaves the keys as they are, and a good one is used again`() throws {
    let program = try Program(["serve", "-p", "0"], files: ["hoosh.toml": Self.toml])
    let port = try program.port()
    let key = Self.key(try Self.keys(program, "create", "ci"))
    #expect(eventually { Self.status(port, key) == 200 })
    let path = program.folder.appending(path: "hoosh.keys").path
    let text = try #require(program.file("hoosh.keys"))
    for damaged in ["", String(text.dropLast(20)), text.replacing("ci", with: "cj")] {
      let count = program.errors.components(separatedBy: "the previous keys stay in use").count
      #expect(FileManager.default.createFile(atPath: path, contents: Data(damaged.utf8)))
      chmod(path, 0o600)
      #expect(
        eventually { program.errors.components(separatedBy: "the previous keys stay in use").count > count })
      #expect(Self.status(port, key) == 200 && Self.status(port, nil) == 401)
    }
    unlink(path)
    #expect(eventually { program.errors.contains("the key file is gone") })
    #expect(Self.status(port, nil) == 401)
    let other = Self.key(try Self.keys(program, "create", "other"))
    #expect(eventually { Self.status(port, other) == 200 })
    #expect(Self.status(port, key) == 401)
  }

  @Test func `a key file whose permissions are mended is used without another change`() throws {
    let program = try Program(["serve", "-p", "0"], files: ["hoosh.toml": Self.toml])
    let port = try program.port()
    let first = Self.key(try Self.keys(program, "create", "ci"))
    #expect(eventually { Self.status(port, first) == 200 })
    // A deployment makes the file again, as all users may read it.
    let path = program.folder.appending(path: "hoosh.keys").path
    let text = try #require(program.file("hoosh.keys"))
    let second = Self.key(try Self.keys(program, "create", "other"))
    #expect(eventually { Self.status(port, second) == 200 })
    unlink(path)
    #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
    chmod(path, 0o644)
    #expect(eventually { program.errors.contains("chmod 600") })
    chmod(path, 0o600)
    #expect(eventually { Self.status(port, second) == 401 })
    #expect(Self.status(port, first) == 200)
  }

  @Test(arguments: [0o644, 0o640, 0o602]) func `a key file that others may read or write is not used`(mode: Int)
    throws
  {
    let program = try Program(["version"])
    _ = program.wait()
    #expect(try Self.keys(program, "create", "ci").status == 0)
    chmod(program.folder.appending(path: "hoosh.keys").path, mode_t(mode))
    let run = try Self.keys(program, "list")
    #expect(run.status == 74)
    #expect(run.errors.contains("chmod 600"))
    let serve = try Program(
      ["serve", "-p", "0"],
      files: ["hoosh.toml": Self.toml.replacing("hoosh.keys", with: "\(program.folder.path)/hoosh.keys")])
    #expect(serve.wait() == 74)
    #expect(serve.errors.contains("chmod 600"))
  }

  @Test func `a gateway does not start with a damaged key file, or with a name that two keys have`() throws {
    for (text, reason) in [("{}\n", "its first line is no header"), ("", "does not begin with its header")] {
      let program = try Program(["version"], files: ["hoosh.toml": Self.toml, "hoosh.keys": text])
      _ = program.wait()
      chmod(program.folder.appending(path: "hoosh.keys").path, 0o600)
      let serve = try Program(
        ["serve", "-p", "0"],
        files: ["hoosh.toml": Self.toml.replacing("hoosh.keys", with: "\(program.folder.path)/hoosh.keys")])
      #expect(serve.wait() == 78)
      #expect(serve.errors.contains(reason))
    }
    let program = try Program(["version"])
    _ = program.wait()
    #expect(try Self.keys(program, "create", "ci").status == 0)
    let toml = Self.toml.replacing("hoosh.keys", with: "\(program.folder.path)/hoosh.keys")
    let serve = try Program(
      ["serve", "-p", "0"], files: ["hoosh.toml": toml + "[[keys]]\nname = \"ci\"\nkey = \"x\"\n"])
    #expect(serve.wait() == 78)
    #expect(serve.errors.contains("`ci` is the name of a key in hoosh.toml, too"))
  }

  @Test func `the file is its owner's alone, and a link to it stays`() throws {
    let program = try Program(["version"], files: ["real/x": ""], links: ["hoosh.keys": "real/keys"])
    _ = program.wait()
    #expect(FileManager.default.createFile(atPath: program.folder.path + "/real/keys", contents: nil))
    unlink(program.folder.path + "/real/keys")
    // The link leads to no file yet, so it becomes the file.
    #expect(try Self.keys(program, "create", "a").status == 0)
    rename(program.folder.path + "/hoosh.keys", program.folder.path + "/real/keys")
    symlink("real/keys", program.folder.path + "/hoosh.keys")
    #expect(try Self.keys(program, "create", "b").status == 0)
    let path = program.folder.path
    let attributes = try FileManager.default.attributesOfItem(atPath: path + "/real/keys")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path + "/hoosh.keys") == "real/keys")
    #expect(try Self.keys(program, "list").output.contains("b "))
    #expect(program.file("real/keys.new") == nil && program.file("hoosh.keys.new") == nil)
  }

  @Test func `changes of several processes at the same time are all made`() throws {
    let program = try Program(["version"])
    _ = program.wait()
    let runs = try (0..<8).map {
      try Program(["keys", "create", "k\($0)", "--file", program.folder.path + "/hoosh.keys"])
    }
    for run in runs { #expect(run.wait() == 0) }
    let list = try Self.keys(program, "list", "--json")
    #expect(list.output.split(separator: "\n").count == 8)
  }

  @Test func `keys are made from the configuration's file, and shown without the key`() throws {
    let program = try Program(
      [
        "keys", "create", "ci", "--team", "build", "--model", "llama*", "--right", "call", "--right", "spend",
        "--expires", "2099-01-31", "--json",
      ], files: ["hoosh.toml": Self.toml + "[[keys]]\nname = \"fixed\"\nkey = \"x\"\n"])
    #expect(program.wait() == 0, "\(program.errors)")
    let key = try #require(program.output.firstMatch(of: #/"key":"(sk-hoosh-[0-9a-f]{64})"/#)?.1)
    #expect(program.output.contains(#""expires":"2099-02-01T00:00:00Z""#))
    for command in [["keys", "list"], ["keys", "list", "--json"], ["keys", "show", "ci"]] {
      let other = try Program(command + ["--file", program.folder.path + "/hoosh.keys"])
      #expect(other.wait() == 0)
      #expect(other.output.contains("ci") && other.output.contains("build") && other.output.contains("llama*"))
      #expect(!other.output.contains(key) && !other.output.contains("hash"))
    }
  }

  @Test(
    arguments: [
      (["create", "fixed"], 1, "the name of a key of the configuration"),
      (["create", "a b"], 1, "the name must be"),
      (["create", "a", "--right", "root"], 64, "no right"),
      (["create", "a", "--expires", "2099-02-30"], 64, "no day"),
      (["rotate", "nope"], 1, "there is no key"), (["rotate", "nope", "--grace", "1w"], 64, "no time"),
      (["revoke", "nope"], 1, "there is no key"), (["show", "nope"], 1, "there is no key"),
    ] as [([String], Int32, String)])
  func `a wrong order says what is wrong`(arguments: [String], status: Int32, message: String) throws {
    let run = try Run.hoosh(
      ["keys"] + arguments, files: ["hoosh.toml": Self.toml + "[[keys]]\nname = \"fixed\"\nkey = \"x\"\n"])
    #expect(run.status == status)
    #expect(run.errors.contains(message), "\(run.errors)")
  }

  @Test func `administration has a listener of its own, beside the one for calls`() throws {
    let program = try Program(
      ["serve", "-p", "0"], files: ["hoosh.toml": Self.toml.replacing("[[prov", with: "[admin]\nport = 0\n[[prov")])
    let port = try program.port()
    #expect(eventually { program.errors.contains("/v1/admin\n") })
    let found = try #require(
      program.errors.firstMatch(of: #/administration at http:\/\/127\.0\.0\.1:(\d+)\/v1\/admin/#))
    let key = Self.key(try Self.keys(program, "create", "boss", "--right", "admin"))
    func status(_ port: Int) -> Int? {
      let client = TestClient(port: port)
      client.send("GET /v1/admin/keys HTTP/1.1\r\nhost: localhost\r\nx-api-key: \(key)\r\n\r\n")
      eventually {
        client.pump()
        return client.responses().first?.isComplete == true
      }
      return client.responses().first?.status
    }
    #expect(eventually { Self.status(port, key) == 200 })
    #expect(status(try #require(Int(found.1))) == 200)
    #expect(status(port) == 404)
  }

  @Test func `without a key file there is nothing to change`() throws {
    #expect(try Run.hoosh(["keys", "list"]).status == 64)
    let run = try Run.hoosh(["keys", "list"], files: ["hoosh.toml": "[[providers]]\ntype = \"Demo\"\n"])
    #expect(run.status == 78 && run.errors.contains("key_file"))
  }
}
