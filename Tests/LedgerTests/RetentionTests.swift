import Foundation
import Testing

@testable import Ledger

/// The removal of old rows.
@Suite struct RetentionTests {
  private static let hour: Int64 = 3_600_000_000

  /// A file with rows, failed attempts, and sums in each of some hours.
  private static func file(_ folder: Folder, hours: Int, rows: Int = 3) throws -> LedgerFile {
    let file = try openLedger(folder.path())
    var number: UInt64 = 0
    for hour in 0..<hours {
      let time = newYear + Int64(hour) * Self.hour
      var batch: [LedgerEntry] = []
      for _ in 0..<rows {
        number += 1
        batch.append(.failed(aCall(number), anAttempt(), aUsage(), at: time))
        batch.append(.ended(aCall(number), anEnd(anAttempt(2), at: time)))
      }
      batch.append(.summed([LedgerKey(aCall(1), anAttempt()): LedgerSums(aCall(1), anEnd())], ended: [], at: time))
      try file.write(batch)
    }
    return file
  }

  private static func sweep(_ file: LedgerFile, _ retention: LedgerRetention) throws -> Int {
    var steps = 0
    while try file.removeOld(retention) {
      steps += 1
      #expect(try LedgerCheck(file.database).problems == [])
    }
    return steps
  }

  @Test func `nothing is removed without a limit, nor from a new file`() throws {
    let folder = try Folder()
    #expect(try !openLedger(folder.path()).removeOld(LedgerRetention(ageMax: 0, bytesMax: 0)))
    let file = try Self.file(folder, hours: 5)
    #expect(try !file.removeOld(LedgerRetention()))
    #expect(try LedgerCheck(file.database).requests == 15)
  }

  @Test func `rows are removed by age, and their sums stay`() throws {
    let folder = try Folder()
    let file = try Self.file(folder, hours: 10)
    let before = try LedgerReport(folder.path(), by: .key)
    #expect(try Self.sweep(file, LedgerRetention(ageMax: 3 * Self.hour)) > 0)
    let check = try LedgerCheck(file.database)
    #expect((check.requests, check.attempts, check.givenUp) == (12, 12, 4))
    #expect(try LedgerReport(folder.path(), by: .key) == before)
    var used = LedgerSums()
    try Database(folder.path(), .read).forEachUsed(.ever, now: newYear + 10 * Self.hour) { used.add($0.sums) }
    #expect(used == before.total)
  }

  @Test func `rows are removed by size, in steps, and the file becomes smaller`() throws {
    let folder = try Folder()
    let file = try Self.file(folder, hours: 20, rows: 2000)
    func size() throws -> Int64 {
      try file.database.run("PRAGMA wal_checkpoint(TRUNCATE)")
      return Int64(try FileManager.default.attributesOfItem(atPath: folder.path())[.size] as? Int ?? 0)
    }
    let before = try size()
    #expect(try Self.sweep(file, LedgerRetention(bytesMax: before / 3)) > 5)
    #expect(try size() <= before / 3)
    #expect(try LedgerCheck(file.database).requests > 2000)
    // A limit that cannot be met keeps the newest quarter of an hour.
    #expect(try Self.sweep(file, LedgerRetention(bytesMax: 1)) > 0)
    #expect(try LedgerCheck(file.database).requests == 2000)
  }

  @Test func `numbers of rows go on after all of them were removed`() throws {
    let folder = try Folder()
    let file = try Self.file(folder, hours: 2)
    // The newest quarter of an hour has a failed attempt only.
    try file.write([.failed(aCall(9), anAttempt(), nil, at: newYear + 5 * Self.hour)])
    _ = try Self.sweep(file, LedgerRetention(ageMax: 0))
    #expect(try LedgerCheck(file.database).requests == 0)
    let next = try openLedger(folder.path())
    try next.write([.ended(aCall(1), anEnd(at: newYear + 5 * Self.hour + 1))])
    _ = try Self.sweep(next, LedgerRetention(ageMax: 0))
    #expect(try LedgerCheck(next.database).requests == 1)
  }

  @Test func `rows of a clock that was set back are counted, and removed in the end`() throws {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    let hours: [Int64] = [5, 6, 2, 6, 3, 7, 8, 9, 2, 10]
    for (index, hour) in hours.enumerated() {
      try file.write([.ended(aCall(UInt64(index + 1)), anEnd(at: newYear + hour * Self.hour))])
      #expect(try LedgerCheck(file.database).problems == [])
    }
    _ = try Self.sweep(file, LedgerRetention(ageMax: 3 * Self.hour))
    for hour in 11...20 as ClosedRange<Int64> {
      try file.write([.ended(aCall(UInt64(50 + hour)), anEnd(at: newYear + hour * Self.hour))])
      _ = try Self.sweep(file, LedgerRetention(ageMax: 3 * Self.hour))
    }
    #expect(try file.database.integer("SELECT COUNT(*) FROM requests") == 4)
  }

  @Test func `the thread removes old rows while it writes new ones`() throws {
    let folder = try Folder()
    _ = try Self.file(folder, hours: 10, rows: 100)
    let ledger = try Ledger(folder.path(), retention: LedgerRetention(ageMax: Self.hour), now: newYear)
    try ledger.start()
    #expect(ledger.post([.ended(aCall(1), anEnd(at: newYear + 20 * Self.hour))]))
    func check() throws -> LedgerCheck { try LedgerCheck(Database(folder.path(), .read)) }
    for _ in 0..<2000 where try check().requests > 1 {
      #expect(try check().problems == [])
      usleep(1000)
    }
    #expect(ledger.finish(within: .seconds(30)))
    #expect(try check().problems == [] && check().requests == 1)
  }
}
