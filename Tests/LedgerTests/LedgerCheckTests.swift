import Testing

@testable import Ledger

/// Each violation that the check must find.
@Suite struct LedgerCheckTests {
  private static let usedColumns = LedgerSums.Column.allCases.map(\.rawValue)

  private static func sound() throws -> (Folder, LedgerFile) {
    let folder = try Folder()
    let file = try openLedger(folder.path())
    try file.write([
      .opened(aCall(1), anAttempt()), .failed(aCall(1), anAttempt(), aUsage(cost: 3), at: newYear),
      .ended(aCall(1), anEnd(anAttempt(2, provider: "up1"))),
      .opened(aCall(2), anAttempt()), .ended(aCall(3), anEnd(nil, nil, outcome: "rejected")),
      .summed([LedgerKey(aCall(4), anAttempt()): LedgerSums(aCall(4), anEnd())], ended: [4], at: newYear),
    ])
    return (folder, file)
  }

  @Test func `a sound file has no problems`() throws {
    let (_, file) = try Self.sound()
    let check = try LedgerCheck(file.database)
    #expect(check.problems == [])
    #expect((check.requests, check.attempts, check.open, check.givenUp) == (2, 1, 1, 1))
  }

  @Test(arguments: [
    "DELETE FROM requests WHERE row = 1", "DELETE FROM attempts", "DELETE FROM given_up",
    "UPDATE requests SET cost = cost + 1 WHERE row = 1", "UPDATE requests SET cost = NULL WHERE row = 1",
    "UPDATE requests SET input = input + 1, output = output - 1 WHERE row = 1",
    "UPDATE requests SET provider = 0 WHERE row = 1", "UPDATE requests SET caller = provider WHERE row = 1",
    "UPDATE requests SET ended = ended + 900000000 WHERE row = 1", "UPDATE requests SET admitted = 0",
    "UPDATE attempts SET source = NULL", "UPDATE attempts SET model = 0", "DELETE FROM totals",
    "UPDATE totals SET charge = charge + 1", "UPDATE totals SET requests = requests + 1 WHERE provider = 0",
    "INSERT INTO open SELECT 1, run, request, began, key, caller, team, pool, provider, model, endpoint, asked, attempt, prompt_max, output_max, expected, cost_max FROM open",
    "UPDATE open SET run = run - 1", "UPDATE requests SET number = 1, run = 1",
  ])
  func `a file in which something was changed has a problem`(_ change: String) throws {
    let (_, file) = try Self.sound()
    try file.database.run(change)
    #expect(try !LedgerCheck(file.database).problems.isEmpty)
  }
}
