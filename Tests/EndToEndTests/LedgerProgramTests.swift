import Foundation
import Testing

@testable import Ledger
@testable import Support
@testable import hoosh

/// The ledger of real processes: killed, restarted, replaced, and asked.
@Suite struct LedgerProgramTests {
  /// The processes that are killed, each at another moment; `HOOSH_KILLS` sets another number.
  private static let kills = ProcessInfo.processInfo.environment["HOOSH_KILLS"].flatMap { Int($0) } ?? 6
  /// The time after which a call that ended is in the file, also on a machine that is busy.
  private static let window = Duration.seconds(2)

  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "hoosh-ledger-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
    var path: String { url.appending(path: "ledger.db").path }
  }

  private static func configuration(_ folder: Folder, more: String = "") -> [String: String] {
    [
      "hoosh.toml": """
      [server]
      port = 0
      [[providers]]
      type = "Demo"
      models = ["demo", "demo-*"]
      demo.first_token_ms = 0
      demo.tokens_per_second = 0
      [ledger]
      path = "\(folder.path)"
      [access_log]
      format = "off"
      \(more)
      """
    ]
  }

  private static func ask(_ port: Int, _ id: String, _ model: String = "demo-tokens3") -> Int? {
    let caller = Caller(port)
    caller.ask(model, fields: ["X-Request-Id: \(id)"])
    return caller.finish() ? caller.answer?.status : nil
  }

  private static func outcomes(_ folder: Folder) throws -> [String: String] {
    let rows = try Database(folder.path, .read).prepare("SELECT request, outcome FROM request_log")
    var found: [String: String] = [:]
    while try rows.step() {
      #expect(found.updateValue(rows.text(1), forKey: rows.text(0)) == nil)
    }
    return found
  }

  // MARK: Ends

  @Test func `a process that is killed loses no call older than its window, and charges what ran`() throws {
    let folder = try Folder()
    var random = SystemRandomNumberGenerator()
    /// When callers saw the ends of their calls.
    var seen: [String: ContinuousClock.Instant] = [:]
    var running: [String] = []
    for round in 0..<Self.kills {
      let program = try Program(["serve"], files: Self.configuration(folder))
      let port = try program.port()
      running.append("long-\(round)")
      let long = Caller(port)
      long.ask("demo-tokens1000-rate1", fields: ["X-Request-Id: long-\(round)"])
      let open = eventually { (try? LedgerCheck(folder.path).open) == 1 }
      #expect(open)
      let end = ContinuousClock.now + .milliseconds(Int.random(in: 0...(round == 0 ? 2500 : 300), using: &random))
      var number = 0
      while ContinuousClock.now < end {
        number += 1
        if Self.ask(port, "call-\(round)-\(number)") == 200 { seen["call-\(round)-\(number)"] = .now }
      }
      let killed = ContinuousClock.now
      program.signal(SIGKILL)
      #expect(program.wait() != nil)
      let check = try LedgerCheck(folder.path)
      #expect(check.problems == [] && check.holder == nil)
      let rows = try Self.outcomes(folder)
      for (id, time) in seen where time + Self.window < killed { #expect(rows[id] == "completed", "\(id)") }
      // Rows that were lost in this round are not missed in the next.
      seen = seen.filter { rows[$0.key] != nil }
    }
    let program = try Program(["serve"], files: Self.configuration(folder))
    _ = try program.port()
    #expect(eventually { program.errors.contains("interrupted when the last process ended") })
    let rows = try Self.outcomes(folder)
    for id in running { #expect(rows[id] == "interrupted", "\(id)") }
    let check = try LedgerCheck(folder.path)
    #expect(check.problems == [] && check.open == 0)
    #expect(check.holder == "process \(program.process.processIdentifier)")
    let report = try LedgerReport(folder.path, by: .key)
    #expect(report.total[.requests] == Int64(rows.count))
  }

  @Test func `a process that is stopped leaves no open call`() throws {
    let folder = try Folder()
    let program = try Program(["serve"], files: Self.configuration(folder))
    let port = try program.port()
    for number in 0..<5 { #expect(Self.ask(port, "call-\(number)") == 200) }
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
    #expect(try Self.outcomes(folder).count == 5)
    let check = try LedgerCheck(folder.path)
    #expect(check.problems == [] && check.open == 0)
  }

  // MARK: Owners

  @Test func `a second gateway with the same file refuses to start, and names the first`() throws {
    let folder = try Folder()
    let first = try Program(["serve"], files: Self.configuration(folder))
    _ = try first.port()
    let second = try Run.hoosh(["serve"], files: Self.configuration(folder))
    #expect(second.status == 74)
    #expect(second.errors.contains("in use by process \(first.process.processIdentifier)"))
    // It may serve without a ledger.
    let third = try Program(["serve", "--ephemeral"], files: Self.configuration(folder))
    _ = try third.port()
    first.signal(SIGKILL)
    #expect(first.wait() != nil)
    let fourth = try Program(["serve"], files: Self.configuration(folder))
    _ = try fourth.port()
  }

  @Test func `a hot restart refuses no connection, and its budget is that of both processes`() throws {
    let folder = try Folder()
    let budget = "[[limits]]\nper = \"everyone\"\nrequests_per_day = 7\n"
    let program = try Program(["serve"], files: Self.configuration(folder, more: budget))
    let port = try program.port()
    let long = Caller(port)
    long.ask("demo-tokens20-rate40")
    for number in 0..<3 { #expect(Self.ask(port, "before-\(number)") == 200) }
    program.signal(SIGUSR2)
    #expect(eventually { program.errors.contains("hoosh: stopping") })
    // Waits for the drain of the first process.
    for number in 0..<3 { #expect(Self.ask(port, "after-\(number)") == 200) }
    #expect(long.finish() && long.answer?.isComplete == true)
    #expect(program.wait() == 0)
    #expect(Self.ask(port, "too-many") == 429)
    let check = try LedgerCheck(folder.path)
    let successor = try #require(check.holder?.split(separator: " ").last.flatMap { pid_t($0) })
    #expect(successor != program.process.processIdentifier && check.problems == [])
    kill(successor, SIGTERM)
    #expect(eventually { (try? LedgerCheck(folder.path).holder) == .some(nil) })
    #expect(try Self.outcomes(folder).count == 8)
  }

  @Test func `a gateway without a ledger makes no file`() throws {
    let folder = try Folder()
    let program = try Program(["serve", "--ephemeral"], files: Self.configuration(folder))
    let port = try program.port()
    #expect(Self.ask(port, "call") == 200)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
  }

  @Test func `a file that cannot be used keeps the gateway from starting, and stays as it is`() throws {
    let folder = try Folder()
    try Data("no ledger".utf8).write(to: URL(filePath: folder.path))
    let run = try Run.hoosh(["serve"], files: Self.configuration(folder))
    #expect(run.status == 74 && run.errors.contains("cannot use the ledger \(folder.path)"))
    #expect(try String(contentsOfFile: folder.path, encoding: .utf8) == "no ledger")
  }

  // MARK: The command

  @Test func `the command reports as a table, as CSV, and as JSON, and checks the file`() throws {
    let folder = try Folder()
    let files = Self.configuration(folder)
    let program = try Program(["serve"], files: files)
    let port = try program.port()
    for number in 0..<3 { #expect(Self.ask(port, "call-\(number)") == 200) }
    // While the gateway runs.
    #expect(eventually { (try? LedgerReport(folder.path, by: .key).total[.requests]) == 3 })
    let table = try Run.hoosh(["ledger"], files: files)
    #expect(table.status == 0)
    #expect(table.output.contains(/anyone +3 +\d+ +9 +0\.000000 +0/) && table.output.contains("total"))
    let csv = try Run.hoosh(["ledger", "--by", "model", "--format", "csv", "--since", "1d"], files: files)
    #expect(
      csv.output.hasPrefix(
        "model,requests,prompt_tokens,completion_tokens,cost_micro_usd,unknown_price_requests\r\n"))
    #expect(csv.output.contains("\"demo-tokens3\",3,"))
    let json = try Run.hoosh(["ledger", "--by", "day", "--format", "json"], files: files)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect((object["lines"] as? [[String: Any]])?.first?["requests"] as? Int == 3)
    #expect((object["total"] as? [String: Any])?["requests"] as? Int == 3)
    #expect(try Run.hoosh(["ledger", "--by", "colour"], files: files).status == 64)
    #expect(try Run.hoosh(["ledger", "--since", "2026-06-31"], files: files).status == 64)

    let check = try Run.hoosh(["ledger", "check"], files: files)
    #expect(check.status == 0 && check.output.contains("of process \(program.process.processIdentifier)"))
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
    try Database(folder.path, .write).run("UPDATE requests SET output = output + 1 WHERE row = 1")
    let changed = try Run.hoosh(["ledger", "check"], files: files)
    #expect(changed.status == 1 && changed.errors.contains("the rows and the totals differ"))
    let none = try Run.hoosh(["ledger"], files: ["hoosh.toml": "[[providers]]\ntype = \"Demo\"\n"])
    #expect(none.status == 78 && none.errors.contains("`ledger.path` is not set"))
    try FileManager.default.removeItem(atPath: folder.path)
    #expect(try Run.hoosh(["ledger"], files: files).status == 74)
  }

  @Test func `names are quoted in CSV, and are no formulas`() throws {
    var report = LedgerReport(lines: [])
    for name in ["a\"b,c", "=1+1", "-x", ""] { report.lines.append(.init(name: name, sums: LedgerSums())) }
    let names = LedgerText.csv(report, by: .model).split(separator: "\r\n").dropFirst().map { $0.dropLast(10) }
    #expect(names == ["\"a\"\"b,c\"", "\"'=1+1\"", "\"'-x\"", "\"\""])
    #expect(
      [0, 1, 999_999, 1_000_000, 12_345_678].map(LedgerText.dollars) == [
        "0.000000", "0.000001", "0.999999", "1.000000", "12.345678",
      ])
  }

  @Test func `a beginning is a day or a time before now`() throws {
    let now: Int64 = 1_767_225_600
    let found = try ["1d", "2h", "0d", "2026-01-01", "1970-01-01", "99999d"].map {
      try Since($0, now: now).microseconds / 1_000_000
    }
    #expect(found == [now - 86_400, now - 7200, now, now, 0, 0])
    for text in ["", "d", "1", "-1d", "1w", "2026-1-1", "2026-02-30", "2026-13-01", "1969-01-01", "999999999999d"] {
      #expect(throws: (any Error).self, "\(text)") { try Since(text, now: now) }
    }
  }
}
