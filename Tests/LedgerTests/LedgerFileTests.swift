import Foundation
import Testing

@testable import Ledger

/// One file: what is in it after batches, and after the process ended at any point.
@Suite struct LedgerFileTests {
  private static func outcomes(_ file: LedgerFile) throws -> [String] {
    let rows = try file.database.prepare("SELECT request || ' ' || outcome FROM request_log ORDER BY row")
    var found: [String] = []
    while try rows.step() { found.append(rows.text(0)) }
    return found
  }

  @Test func `every commit reaches the disk, and readers do not wait for it`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    #expect(try file.database.integer("PRAGMA synchronous") == 2)
    #expect(try file.database.text("PRAGMA journal_mode") == "wal")
    #expect(try file.database.integer("PRAGMA auto_vacuum") == 2)
    #expect(try file.database.integer("PRAGMA user_version") == LedgerSchema.version)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path())
    #expect((attributes[.posixPermissions] as? Int ?? 0o777) & 0o027 == 0)
  }

  @Test func `a call leaves one row, whether it ends in the batch that opens it or later`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    try file.write([])
    try file.write([.opened(aCall(1), anAttempt()), .ended(aCall(1), anEnd())])
    #expect(file.openNumbers.isEmpty)
    try file.write([.opened(aCall(2), anAttempt())])
    #expect(file.openNumbers == [2])
    #expect(try file.database.integer("SELECT COUNT(*) FROM open") == 1)
    try file.write([.ended(aCall(2), anEnd())])
    // A call that was rejected has no attempt.
    try file.write([.ended(aCall(0, isAdmitted: false), anEnd(nil, nil, outcome: "rejected"))])
    #expect(try Self.outcomes(file) == ["req-1 completed", "req-2 completed", "req-0 rejected"])
    #expect(try file.database.integer("SELECT COUNT(*) FROM open") == 0)
    #expect(try LedgerCheck(file.database).problems == [])
  }

  @Test func `a row has the caller, the models, the attempts, the tokens by class, the cost, and the times`() throws
  {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    var used = aUsage()
    (used.cacheRead, used.reasoning) = (20, 5)
    let second = anAttempt(2, provider: "up1", model: "m-large")
    try file.write([
      .opened(aCall(1, pool: "p"), anAttempt()), .failed(aCall(1, pool: "p"), anAttempt(), nil, at: newYear + 5),
      .opened(aCall(1, pool: "p"), second), .ended(aCall(1, pool: "p"), anEnd(second, used)),
    ])
    let rows = try file.database.prepare(
      """
      SELECT caller || team || ' ' || endpoint || ' ' || model || ' ' || model_served || ' ' || provider, attempts,
      prompt_tokens, completion_tokens, cost_micro_usd, hold_micro_usd, time, total_us FROM request_log
      """)
    #expect(try rows.step())
    #expect(rows.text(0) == "cibuild /v1/chat/completions m m-large up1")
    #expect((1...5).map { rows.integer($0) } == [2, 27, 8, 13, 900])
    #expect(rows.text(6) == "2026-01-01 00:00:01" && rows.integer(7) == 2000)
    rows.reset()
    #expect(try file.database.integer("SELECT COUNT(*) FROM attempts WHERE source IS NULL") == 1)
    #expect(try LedgerCheck(file.database).problems == [])
  }

  @Test func `a failed attempt that used something is in the sums of its own provider`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    let second = anAttempt(2, provider: "up1")
    try file.write([
      .opened(aCall(1), anAttempt()), .failed(aCall(1), anAttempt(), aUsage(cost: 4), at: newYear),
      .opened(aCall(1), second), .ended(aCall(1), anEnd(second, aUsage(cost: 13))),
    ])
    let report = try LedgerReport(folder.path(), by: .provider)
    #expect(report.lines.map(\.name) == ["up0", "up1"])
    #expect(report.lines.map { $0.sums[.cost] } == [4, 13])
    #expect(report.lines.map { $0.sums[.requests] } == [0, 1])
    #expect(report.lines.map { $0.sums[.attempts] } == [1, 1])
    #expect(try LedgerCheck(file.database).problems == [])
  }

  // MARK: The end of a process

  @Test func `calls that ran when the process ended are closed at their hold, once`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    try file.write([
      .opened(aCall(1), anAttempt()), .opened(aCall(2), anAttempt(1, costMax: nil)), .ended(aCall(3), anEnd()),
      .opened(aCall(1), anAttempt(2, provider: "up1", costMax: 700)),
    ])
    try folder.copy(to: "killed.db")
    for _ in 0..<2 {
      let next = try openLedger(folder.path("killed.db"), at: newYear + 60_000_000)
      #expect(try Self.outcomes(next) == ["req-3 completed", "req-1 interrupted", "req-2 interrupted"])
      #expect(next.openNumbers.isEmpty)
      #expect(try LedgerCheck(next.database).problems == [])
    }
    let report = try LedgerReport(folder.path("killed.db"), by: .provider)
    #expect(report.lines.map(\.name) == ["up0", "up1"])
    #expect(report.total[.cost] == 13 + 700 && report.total[.charge] == 14 + 700)
    #expect(report.total[.unpriced] == 1 && report.total[.unpricedTokens] == 150)
    // Limits of tokens count what they expected.
    #expect(report.total[.limitTokens] == 10 + 2 * 40)
    #expect(report.total.tokens == 10 + 2 * 150)
  }

  @Test func `numbers of calls may be those of an earlier run`() throws {
    let folder = try Folder()
    for _ in 0..<3 {
      let file = try openLedger(folder.path())
      try file.write([.opened(aCall(1), anAttempt())])
      try file.write([.ended(aCall(1), anEnd()), .opened(aCall(2), anAttempt())])
      #expect(try LedgerCheck(file.database).problems == [])
    }
    #expect(try LedgerReport(folder.path(), by: .key).total[.requests] == 5)
  }

  @Test func `a batch that cannot be written leaves nothing, and can be written later`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    try file.write([.opened(aCall(1), anAttempt())])
    let pages = try #require(try file.database.integer("PRAGMA page_count"))
    try file.database.run("PRAGMA max_page_count = \(pages)")
    var batch: [LedgerEntry] = [.ended(aCall(1), anEnd())]
    for number in 2..<400 {
      batch += [
        .opened(aCall(UInt64(number), caller: "key-\(number)"), anAttempt()),
        .ended(aCall(UInt64(number)), anEnd()),
      ]
    }
    #expect(throws: LedgerError.full) { try file.write(batch) }
    #expect(file.openNumbers == [1])
    #expect(try file.database.integer("SELECT COUNT(*) FROM requests") == 0)
    #expect(try LedgerCheck(file.database).problems == [])
    try file.database.run("PRAGMA max_page_count = 100000")
    try file.write(batch)
    #expect(try file.database.integer("SELECT COUNT(*) FROM requests") == 399)
    #expect(try LedgerCheck(file.database).problems == [])
  }

  // MARK: Sums

  @Test func `sums saturate, and numbers beyond the limits are cut`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    var used = aUsage(input: .max, output: .min, cost: .max)
    used.charge = .max
    try file.write(
      (1...9).map { .ended(aCall(UInt64($0)), anEnd(anAttempt(promptMax: .max, costMax: .max), used)) })
    let report = try LedgerReport(folder.path(), by: .key)
    #expect(report.total[.input] == 9 << 40 && report.total[.output] == 0)
    #expect(report.total[.cost] == 9 << 48)
    var sums = LedgerSums()
    sums[.cost] = LedgerSums.sumMax
    try file.write([.summed([LedgerKey(aCall(1), anAttempt()): sums], ended: [], at: newYear)])
    try file.write([.ended(aCall(10), anEnd())])
    #expect(try LedgerReport(folder.path(), by: .key).total[.cost] == LedgerSums.sumMax)
  }

  @Test func `calls whose rows were given up stay in the sums`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    try file.write([.opened(aCall(1), anAttempt()), .opened(aCall(2), anAttempt())])
    var sums = LedgerSums(aCall(1), anEnd())
    sums.add(LedgerSums(aCall(3), anEnd()))
    try file.write([.summed([LedgerKey(aCall(1), anAttempt()): sums], ended: [1, 3], at: newYear + 1)])
    #expect(file.openNumbers == [2])
    let check = try LedgerCheck(file.database)
    #expect(check.problems == [] && check.givenUp == 2 && check.requests == 0)
    #expect(try LedgerReport(folder.path(), by: .model).total[.cost] == 26)
  }

  @Test func `callers cannot make the sums grow by naming models`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    let count = LedgerNames.modelsMax + 50
    try file.write((0..<count).map { .ended(aCall(UInt64($0 + 1)), anEnd(anAttempt(model: "model-\($0)"))) })
    let report = try LedgerReport(folder.path(), by: .model)
    #expect(report.lines.count <= LedgerNames.modelsMax + 1)
    #expect(report.lines.contains { $0.name == LedgerKey.otherModels })
    #expect(report.total[.requests] == Int64(count))
    // A later process has the same names.
    let next = try openLedger(folder.path())
    try next.write([
      .ended(aCall(1), anEnd(anAttempt(model: "model-0"))), .ended(aCall(2), anEnd(anAttempt(model: "new"))),
    ])
    #expect(try LedgerReport(folder.path(), by: .model).lines.count == report.lines.count)
    #expect(try LedgerCheck(next.database).problems == [])
  }

  // MARK: Files

  @Test func `a file of a later version is refused, and stays as it is`() throws {
    let folder = try Folder()
    try openLedger(folder.path()).database.run("PRAGMA user_version = \(LedgerSchema.version + 1)")
    let error = LedgerError.newerSchema(found: LedgerSchema.version + 1, known: LedgerSchema.version)
    #expect(throws: error) { try openLedger(folder.path()) }
    #expect(throws: error) { try LedgerReport(folder.path(), by: .key) }
    #expect(throws: error) { try LedgerCheck(folder.path()) }
  }

  @Test func `a file that is no ledger is refused, and stays as it is`() throws {
    let folder = try Folder()
    for (name, content) in [
      ("text", Data("not a database, but more than a hundred bytes of text. ".utf8)), ("empty", Data()),
    ] {
      let text = content + content + content
      try text.write(to: folder.url.appending(path: name))
      #expect(throws: LedgerError.self, "\(name)") { try openLedger(folder.path(name)) }
      #expect(try Data(contentsOf: folder.url.appending(path: name)) == text, "\(name)")
    }
    _ = try openLedger(folder.path())
    try Database(folder.path(), .write).run("PRAGMA application_id = 1")
    #expect(throws: LedgerError.foreign("it is a database of another program; set another `ledger.path`")) {
      try openLedger(folder.path())
    }
    #expect(throws: LedgerError.self) { try openLedger(folder.url.path) }
    #expect(throws: LedgerError.self) { try openLedger(folder.path("missing/ledger.db")) }
  }

  @Test func `a log without its file is refused, and never replayed into another`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    try file.write([.ended(aCall(1), anEnd())])
    try folder.copy(to: "half.db")
    try FileManager.default.removeItem(atPath: folder.path("half.db"))
    #expect(FileManager.default.fileExists(atPath: folder.path("half.db-wal")))
    #expect(throws: LedgerError.self) { try openLedger(folder.path("half.db")) }
    #expect(FileManager.default.fileExists(atPath: folder.path("half.db-wal")))
  }

  @Test func `a process that ends while it makes the file leaves none that is half made`() throws {
    let folder = try Folder()
    try Data("rest of an earlier try".utf8).write(to: folder.url.appending(path: "ledger.db-new"))
    let file = try openLedger(folder.path())
    try file.write([.ended(aCall(1), anEnd())])
    #expect(!FileManager.default.fileExists(atPath: folder.path("ledger.db-new")))
  }

  @Test func `a log that is cut or damaged at its end loses only the commits behind that`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    var sizes: [Int] = []
    let wal = folder.url.appending(path: "ledger.db-wal")
    for number in 1...5 {
      try file.write([.ended(aCall(UInt64(number)), anEnd())])
      sizes.append(try Data(contentsOf: wal).count)
    }
    for (index, size) in sizes.enumerated() {
      for cut in [0, 1, 100] {
        try folder.copy(to: "cut.db")
        let whole = try Data(contentsOf: wal)
        try whole.prefix(size - cut).write(to: folder.url.appending(path: "cut.db-wal"))
        let next = try openLedger(folder.path("cut.db"))
        #expect(try Self.outcomes(next).count == (cut == 0 ? index + 1 : index))
        #expect(try LedgerCheck(next.database).problems == [])
      }
    }
  }
}
