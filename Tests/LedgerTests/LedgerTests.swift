import Foundation
import Reactor
import Testing

@testable import Ledger

/// The ledger with its thread, and what a later process reads of it.
@Suite struct LedgerTests {
  private static func used(_ path: String, _ past: LedgerPast, now: Int64) throws -> [LedgerUsed] {
    var found: [LedgerUsed] = []
    try Database(path, .read).forEachUsed(past, now: now) { found.append($0) }
    return found
  }

  /// Waits for a report of the thread.
  private static func report(_ ledger: Ledger) -> Ledger.Report? {
    for _ in 0..<5000 {
      if let report = ledger.reports.take().first { return report }
      usleep(1000)
    }
    return nil
  }

  // MARK: The thread

  @Test func `the thread writes everything that it was given before it ends`() throws {
    let folder = try Folder()
    let ledger = try Ledger(folder.path(), now: newYear)
    try ledger.start()
    for number in 1...1000 {
      #expect(ledger.post([.opened(aCall(UInt64(number)), anAttempt()), .ended(aCall(UInt64(number)), anEnd())]))
    }
    #expect(ledger.finish(within: .seconds(20)))
    #expect(ledger.reports.take() == [])
    let check = try LedgerCheck(Database(folder.path(), .read))
    #expect(check.problems == [] && check.requests == 1000 && check.open == 0)
  }

  @Test func `the next process closes the calls of the one before, and says how many`() throws {
    let folder = try Folder()
    let ledger = try Ledger(folder.path(), now: newYear)
    #expect(ledger.interrupted == 0)
    try ledger.start()
    #expect(ledger.post([.opened(aCall(1), anAttempt()), .opened(aCall(2), anAttempt())]))
    #expect(ledger.finish(within: .seconds(20)))
    try folder.copy(to: "next.db")
    #expect(try Ledger(folder.path("next.db"), now: newYear).interrupted == 2)
    #expect(try Ledger(folder.path("next.db"), now: newYear).interrupted == 0)
  }

  @Test func `entries beyond the limit are not taken`() throws {
    let folder = try Folder()
    let ledger = try Ledger(folder.path(), now: newYear)
    let batch = [LedgerEntry](repeating: .ended(aCall(0), anEnd()), count: Ledger.waitingMax / 2)
    #expect(ledger.post(batch) && ledger.post(batch) && !ledger.post([.costsReset]))
    try ledger.start()
    #expect(ledger.finish(within: .seconds(60)))
    #expect(try LedgerCheck(Database(folder.path(), .read)).requests == Int64(Ledger.waitingMax))
  }

  @Test func `entries wait while another process has locked the database, and are written afterwards`() throws {
    let folder = try Folder()
    let ledger = try Ledger(folder.path(), now: newYear)
    try ledger.start()
    let other = try Database(folder.path(), .write)
    try other.run("BEGIN IMMEDIATE")
    #expect(ledger.post([.ended(aCall(1), anEnd())]))
    #expect(Self.report(ledger) == .failing(.busy))
    #expect(ledger.post([.ended(aCall(2), anEnd())]))
    try other.run("ROLLBACK")
    #expect(Self.report(ledger) == .recovered)
    #expect(ledger.finish(within: .seconds(20)))
    #expect(try LedgerCheck(Database(folder.path(), .read)).requests == 2)
  }

  @Test func `a file that is damaged while it is used is reported, and not written any more`() throws {
    let folder = try Folder()
    let ledger = try Ledger(folder.path(), now: newYear)
    // The tables are gone from under the thread.
    try Database(folder.path(), .write).run("DROP TABLE totals")
    try ledger.start()
    #expect(ledger.post([.ended(aCall(1), anEnd())]))
    guard case .failed? = Self.report(ledger) else { throw LedgerError.busy }
    #expect(ledger.post([.ended(aCall(2), anEnd())]))
    #expect(ledger.finish(within: .seconds(20)))
    #expect(try Database(folder.path(), .read).integer("SELECT COUNT(*) FROM requests") == 0)
  }

  // MARK: The past

  @Test func `everything that was used is found by caller, provider, and model`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    let day: Int64 = 86_400_000_000
    try file.write([
      .ended(aCall(1), anEnd(at: newYear)), .ended(aCall(2), anEnd(at: newYear + day)),
      .ended(aCall(3, caller: "anyone", team: nil), anEnd(anAttempt(provider: "up1"), at: newYear)),
      .ended(aCall(4, isAdmitted: false), anEnd(nil, nil, at: newYear)),
    ])
    let found = try Self.used(folder.path(), .ever, now: newYear + day)
    #expect(found.count == 3)
    let ci = try #require(found.first { $0.key.provider == "up0" })
    #expect(ci.key == LedgerKey(aCall(1), anAttempt()))
    #expect(ci.sums[.requests] == 2 && ci.sums[.cost] == 26 && ci.sums[.charge] == 28)
    let anyone = try #require(found.first { $0.key.provider == "up1" })
    #expect(anyone.key.callerID == nil && anyone.key.team == nil && anyone.key.pool == nil)
    let rejected = try #require(found.first { $0.key.provider.isEmpty })
    #expect(rejected.sums[.requests] == 1 && rejected.sums[.admitted] == 0 && rejected.sums.tokens == 0)
  }

  @Test func `what was used lately is known to the second, and what was used before to a quarter of an hour`()
    throws
  {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    let now = newYear + 7_200_000_000
    let times = [-7200, -7190, -3600, -600, -599, -599, -2].map { now + $0 * 1_000_000 + 5 }
    try file.write(times.enumerated().map { .ended(aCall(UInt64($0.offset + 1)), anEnd(at: $0.element)) })
    try file.write([.failed(aCall(9), anAttempt(), aUsage(), at: now - 1_500_000)])
    let all = try Self.used(folder.path(), .since(newYear), now: now)
    let seconds = all.map { ($0.time - now) / 1_000_000 }
    #expect(seconds == [-6300, -2700, -599, -598, -1])
    #expect(all.map(\.time) == all.map(\.time).sorted())
    #expect(all.reduce(0) { $0 + $1.sums[.requests] } == 7)
    #expect(all.reduce(0) { $0 + $1.sums[.attempts] } == 8)
    // No piece is earlier than the use itself, which would let it leave a window too early, and none is in the future.
    for (time, used) in zip([times[1], times[2], times[3], times[5], times[6]], all) { #expect(used.time >= time) }
    #expect(all.allSatisfy { $0.time <= now })
    let recent = try Self.used(folder.path(), .since(now - 3_000_000_000), now: now)
    #expect(recent.reduce(0) { $0 + $1.sums[.requests] } == 5)
  }

  @Test func `costs begin again at a reset, and budgets do not`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    try file.write([.ended(aCall(1), anEnd()), .costsReset, .ended(aCall(2), anEnd(anAttempt(), aUsage(cost: 5)))])
    #expect(try Self.used(folder.path(), .costs, now: newYear).map { $0.sums[.cost] } == [5])
    #expect(try Self.used(folder.path(), .ever, now: newYear).map { $0.sums[.cost] } == [18])
    let next = try openLedger(folder.path())
    try next.write([.ended(aCall(1), anEnd(anAttempt(), aUsage(cost: 2)))])
    #expect(try Self.used(folder.path(), .costs, now: newYear).map { $0.sums[.cost] } == [7])
    #expect(try LedgerCheck(next.database).problems == [])
  }

  // MARK: Reports

  @Test func `a report has the sums by each dimension, and all dimensions have the same sum`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    let day: Int64 = 86_400_000_000
    try file.write([
      .ended(aCall(1), anEnd(at: newYear)), .ended(aCall(2, caller: "dev", team: nil), anEnd(at: newYear + day)),
      .ended(aCall(3), anEnd(anAttempt(provider: "up1", model: "n"), aUsage(cost: nil), at: newYear + day)),
    ])
    var totals: [LedgerSums] = []
    let names: [LedgerReport.Dimension: [String]] = [
      .key: ["ci", "dev"], .team: ["", "build"], .model: ["m", "n"], .provider: ["up0", "up1"],
      .day: ["2026-01-01", "2026-01-02"],
    ]
    for dimension in LedgerReport.Dimension.allCases {
      let report = try LedgerReport(folder.path(), by: dimension)
      #expect(report.lines.map(\.name) == names[dimension], "\(dimension)")
      totals.append(report.total)
    }
    #expect(totals.allSatisfy { $0 == totals[0] })
    #expect(totals[0][.cost] == 26 && totals[0][.unpriced] == 1 && totals[0][.requests] == 3)
    #expect(try LedgerReport(folder.path(), by: .key, since: newYear + day).total[.requests] == 2)
  }
}
