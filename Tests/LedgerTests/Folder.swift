import Foundation

@testable import Ledger

/// A folder for one test, which is deleted with this value.
final class Folder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "hoosh-ledger-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The path of a file in the folder.
  func path(_ name: String = "ledger.db") -> String { url.appending(path: name).path }

  /// Copies a ledger as it is on the disk at this moment, as a process that is killed leaves it.
  func copy(_ name: String = "ledger.db", to other: String) throws {
    for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path(name + suffix)) {
      try? FileManager.default.removeItem(atPath: path(other + suffix))
      try FileManager.default.copyItem(atPath: path(name + suffix), toPath: path(other + suffix))
    }
  }
}

/// 2026-01-01 00:00 UTC, in microseconds since 1970.
let newYear: Int64 = 1_767_225_600_000_000

/// A call of the key `ci`, with an attempt at a provider.
func aCall(
  _ number: UInt64, caller: String = "ci", team: String? = "build", pool: String? = nil, model: String = "m",
  began: Int64 = newYear, isAdmitted: Bool = true
) -> LedgerCall {
  LedgerCall(
    number: number, request: "req-\(number)", began: began,
    callerID: caller == "anyone" ? nil : UInt64(caller.utf8.count),
    caller: caller, team: team, pool: pool, endpoint: "/v1/chat/completions", model: model, isAdmitted: isAdmitted)
}

func anAttempt(
  _ number: Int = 1, provider: String = "up0", model: String = "m", promptMax: Int = 100, outputMax: Int = 50,
  expected: Int = 40, costMax: UInt64? = 900
) -> LedgerAttempt {
  LedgerAttempt(
    provider: provider, model: model, number: number, promptMax: promptMax, outputMax: outputMax,
    expected: expected, costMax: costMax)
}

func aUsage(input: Int = 7, output: Int = 3, cost: UInt64? = 13) -> LedgerUsage {
  var usage = LedgerUsage(.reported)
  usage.input = input
  usage.output = output
  usage.cost = cost
  usage.charge = cost.map { max($0, $0 &+ 1) } ?? 0
  return usage
}

func anEnd(
  _ attempt: LedgerAttempt? = anAttempt(), _ usage: LedgerUsage? = aUsage(), at time: Int64 = newYear + 1_000_000,
  outcome: String = "completed"
) -> LedgerEnd {
  LedgerEnd(
    time: time, outcome: outcome, status: 200, attempts: attempt?.number ?? 0, attempt: attempt, usage: usage,
    firstByte: 1000, total: 2000)
}

/// Makes or opens a ledger's file as a process that starts does, without its thread and its lock.
func openLedger(_ path: String, at time: Int64 = newYear) throws -> LedgerFile {
  try LedgerFile.prepare(path)
  try LedgerFile(path, isNewRun: false).closeOpen(at: time)
  return try LedgerFile(path, isNewRun: true)
}
