import Foundation
import Testing

@testable import Support
@testable import hoosh

/// Files that a start does not trust, core dumps, and successors.
@Suite struct ProtectionTests {
  private static let demo = "[[providers]]\ntype = \"Demo\"\n"

  private static func start(_ arguments: [String] = [], file: mode_t, folder: mode_t = 0o755) throws -> Program {
    // The program is started in its own folder once the file in another one has its mode.
    let program = try Program(["version"], files: ["conf/hoosh.toml": demo])
    _ = program.wait()
    let conf = program.folder.appending(path: "conf").path
    #expect(chmod(conf + "/hoosh.toml", file) == 0 && chmod(conf, folder) == 0)
    return try Program(
      ["serve", "-p", "0"] + arguments, links: ["hoosh.toml": conf + "/hoosh.toml"], keeping: program)
  }

  @Test(
    arguments: [(0o666, 0o755), (0o646, 0o755), (0o664, 0o755), (0o644, 0o777), (0o600, 0o757)]
      as [(mode_t, mode_t)])
  func `a configuration that others may write is used only if it is named`(_ file: mode_t, _ folder: mode_t) throws
  {
    let program = try Self.start(file: file, folder: folder)
    #expect(program.wait() == 78)
    #expect(program.errors.contains("hoosh.toml: is not used, because it"))
    #expect(program.errors.contains("can be written by every user") || file == 0o664)
    let named = try Self.start(["-c", "hoosh.toml"], file: file, folder: folder)
    _ = try named.port()
  }

  @Test(
    arguments: [
      (1000, 1000, 0o644, nil), (0, 0, 0o644, nil), (1001, 1000, 0o600, "belongs to another user"),
      (1000, 1000, 0o664, nil), (1000, 50, 0o664, "can be written by a group of users"),
      (1000, 1000, 0o646, "can be written by every user"), (0, 0, 0o664, "can be written by a group of users"),
      (0, 1000, 0o664, nil), (1000, 1000, 0o666, "can be written by every user"),
    ] as [(uid_t, gid_t, mode_t, String?)])
  func `a file is the user's alone by its owner, its group, and its mode`(
    _ owner: uid_t, _ group: gid_t, _ mode: mode_t, _ problem: String?
  ) {
    var status = stat()
    (status.st_uid, status.st_gid, status.st_mode) = (owner, group, mode)
    #expect(ConfigurationFile.problem(status, user: 1000) == problem)
  }

  @Test func `a configuration that only its owner may write is used, until a reload finds that others may`() throws
  {
    let program = try Self.start(file: 0o644)
    _ = try program.port()
    #expect(chmod(program.folder.appending(path: "hoosh.toml").path, 0o666) == 0)
    program.signal(SIGHUP)
    #expect(eventually { program.errors.contains("reload failed") && program.errors.contains("is not used") })
  }

  @Test func `a gateway leaves no core dump, unless its operator debugs it`() throws {
    func limit(_ environment: [String: String]) throws -> String {
      let program = try Program(["serve", "-p", "0"], environment: environment)
      _ = try program.port()
      let limits = try String(contentsOfFile: "/proc/\(program.process.processIdentifier)/limits", encoding: .utf8)
      return limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }.map { String($0) } ?? ""
    }
    #expect(try limit([:]).contains(#/size +0 +0 /#))
    var own = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &own)
    if own.rlim_max > 0 { #expect(try !limit(["HOOSH_CORE_DUMPS": "1"]).contains(#/size +0 +0 /#)) }
  }

  @Test func `one successor runs at a time, and one that fails leaves nothing behind`() throws {
    let program = try Program(["serve", "-p", "0"], files: ["hoosh.toml": Self.demo])
    let port = try program.port()
    let process = program.process.processIdentifier
    /// The number of processes that a thread of the gateway has started and not awaited. The kernel lists zombies too.
    func children() -> Int {
      let folder = "/proc/\(process)/task"
      let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      let lists = threads.map { try? String(contentsOfFile: "\(folder)/\($0)/children", encoding: .utf8) }
      return lists.reduce(0) { $0 + ($1?.split(separator: " ").count ?? 0) }
    }
    #expect(eventually { children() == 0 })
    // A successor waits for the writer of a pipe.
    let path = program.folder.appending(path: "hoosh.toml").path
    #expect(unlink(path) == 0 && mkfifo(path, 0o600) == 0)
    program.signal(SIGUSR2)
    #expect(eventually { children() == 1 })
    program.signal(SIGUSR2)
    #expect(eventually { program.errors.contains("a successor runs already") })
    #expect(children() == 1)
    let pipe = try FileHandle(forWritingTo: URL(filePath: path))
    try pipe.write(contentsOf: Data("[broken".utf8))
    try pipe.close()
    #expect(eventually { program.errors.contains("the successor has ended") })
    #expect(children() == 0)
    let caller = Caller(port)
    caller.ask("demo-tokens1-rate0-first0")
    #expect(caller.finish() && caller.answer?.status == 200)
  }
}
