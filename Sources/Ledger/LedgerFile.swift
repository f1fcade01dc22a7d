/// A ledger's file, open for writing. One thread uses it.
///
/// A batch of entries is one transaction: all of it is in the file, or nothing.
final class LedgerFile {
  let database: Database
  private let names: LedgerNames
  private let insertOpen: Statement
  private let deleteOpen: Statement
  private let insertRequest: Statement
  private let insertAttempt: Statement
  private let insertGivenUp: Statement
  private let insertBucket: Statement
  private let addTotals: Statement
  /// The number of this process among those that have written the file.
  private let run: Int64
  /// The calls that have a row in `open`.
  private(set) var openNumbers: Set<UInt64> = []
  private var epoch: Int64
  private var nextRequest: Int64
  private var nextAttempt: Int64
  /// The bucket of the last row that was written.
  private(set) var bucket: Int64?

  /// Opens a file that `LedgerFile.prepare` has checked.
  ///
  /// - Parameter isNewRun: Whether the rows from here on are those of another process.
  init(_ path: String, isNewRun: Bool) throws(LedgerError) {
    database = try Database(path, .write)
    try database.run("PRAGMA synchronous = FULL")
    try database.run("PRAGMA journal_size_limit = \(Self.journalBytesMax)")
    if isNewRun { try database.run("UPDATE state SET value = value + 1 WHERE name = 'run'") }
    run = try database.integer("SELECT value FROM state WHERE name = 'run'") ?? 0
    epoch = try database.integer("SELECT value FROM state WHERE name = 'epoch'") ?? 0
    nextRequest = try Self.next(database, "requests", "first_request")
    nextAttempt = try Self.next(database, "attempts", "first_attempt")
    let numbers = try database.prepare("SELECT number FROM open")
    while try numbers.step() { openNumbers.insert(UInt64(clamping: numbers.integer(0))) }
    names = try LedgerNames(database)
    insertOpen = try database.prepare("INSERT OR REPLACE INTO open VALUES (\(Self.places(17)))")
    deleteOpen = try database.prepare("DELETE FROM open WHERE number = ?")
    insertRequest = try database.prepare("INSERT INTO requests VALUES (\(Self.places(34)))")
    insertAttempt = try database.prepare("INSERT INTO attempts VALUES (\(Self.places(25)))")
    insertGivenUp = try database.prepare(
      "INSERT INTO given_up VALUES (NULL, \(Self.places(7 + LedgerSums.Column.allCases.count)))")
    insertBucket = try database.prepare("INSERT INTO buckets VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    let additions = LedgerSums.Column.allCases.map(\.rawValue).map {
      "\($0) = MIN(\($0), \(LedgerSums.sumMax) - excluded.\($0)) + excluded.\($0)"
    }
    addTotals = try database.prepare(
      "INSERT INTO totals VALUES (\(Self.places(8 + LedgerSums.Column.allCases.count))) "
        + "ON CONFLICT DO UPDATE SET \(additions.joined(separator: ", "))")
  }

  /// Bytes of the write-ahead log that stay after a checkpoint.
  private static let journalBytesMax = 16 * 1024 * 1024

  private static func places(_ count: Int) -> String {
    [String](repeating: "?", count: count).joined(separator: ", ")
  }

  /// Returns the number of the next row, which is behind those of rows that were removed.
  private static func next(_ database: Database, _ table: String, _ first: String) throws(LedgerError) -> Int64 {
    let row = try database.integer("SELECT MAX(row) FROM \(table)") ?? 0
    return max(row + 1, try database.integer("SELECT MAX(\(first)) FROM buckets") ?? 1)
  }

  // MARK: Batches

  /// The changes of a batch in memory once it is in the file.
  private struct Batch {
    /// The last opening of each call that has no row yet, by its place in the batch.
    var opened: [UInt64: Int] = [:]
    var removed: [UInt64] = []
    var totals: [LedgerRowKey: LedgerSums] = [:]
    var epoch: Int64
    var nextRequest: Int64
    var nextAttempt: Int64
    var bucket: Int64?
  }

  /// Writes entries, all or none.
  func write(_ entries: [LedgerEntry]) throws(LedgerError) {
    var batch = Batch(epoch: epoch, nextRequest: nextRequest, nextAttempt: nextAttempt, bucket: bucket)
    do throws(LedgerError) {
      try database.transaction { () throws(LedgerError) in
        for index in entries.indices { try write(entries[index], at: index, &batch) }
        // Calls that began and ended in one batch never have an open row.
        for (_, index) in batch.opened {
          if case .opened(let call, let attempt) = entries[index] { try insertOpen(call, attempt) }
        }
        try writeTotals(&batch)
      }
    } catch {
      try names.forget(database)
      throw error
    }
    openNumbers.subtract(batch.removed)
    openNumbers.formUnion(batch.opened.keys)
    (epoch, nextRequest, nextAttempt, bucket) = (batch.epoch, batch.nextRequest, batch.nextAttempt, batch.bucket)
  }

  private func write(_ entry: LedgerEntry, at index: Int, _ batch: inout Batch) throws(LedgerError) {
    switch entry {
    case .opened(let call, _): batch.opened[call.number] = index
    case .failed(let call, let attempt, let usage, let time):
      try beginBucket(time, &batch)
      let key = try LedgerRowKey(LedgerKey(call, attempt), at: time, names)
      batch.totals[key, default: LedgerSums()].add(LedgerSums(attempt, usage))
      try insertAttempt(batch.nextAttempt, call, attempt, usage, at: time, key)
      batch.nextAttempt += 1
    case .ended(let call, let end):
      try close(call.number, &batch)
      try beginBucket(end.time, &batch)
      let key = try LedgerRowKey(LedgerKey(call, end.attempt), at: end.time, names)
      batch.totals[key, default: LedgerSums()].add(LedgerSums(call, end))
      try insertRequest(batch.nextRequest, call, end, key)
      batch.nextRequest += 1
    case .summed(let sums, let ended, let time):
      for number in ended { try close(number, &batch) }
      for (key, sums) in sums {
        let key = try LedgerRowKey(key, at: time, names)
        batch.totals[key, default: LedgerSums()].add(sums)
        insertGivenUp.add(key.bucket)
        insertGivenUp.add(key)
        insertGivenUp.add(sums)
        try insertGivenUp.run()
      }
    case .costsReset:
      // The sums so far belong to the costs before.
      try writeTotals(&batch)
      batch.epoch += 1
      try database.run("UPDATE state SET value = \(batch.epoch) WHERE name = 'epoch'")
    }
  }

  /// A call is not open any more.
  private func close(_ number: UInt64, _ batch: inout Batch) throws(LedgerError) {
    batch.opened[number] = nil
    guard openNumbers.contains(number) else { return }
    deleteOpen.add(Int64(clamping: number))
    try deleteOpen.run()
    batch.removed.append(number)
  }

  /// Notes the first rows of a bucket.
  private func beginBucket(_ time: Int64, _ batch: inout Batch) throws(LedgerError) {
    let start = LedgerSchema.bucket(of: time)
    if start == batch.bucket { return }
    batch.bucket = start
    insertBucket.add(start)
    insertBucket.add(batch.nextRequest)
    insertBucket.add(batch.nextAttempt)
    try insertBucket.run()
  }

  private func writeTotals(_ batch: inout Batch) throws(LedgerError) {
    for (key, sums) in batch.totals {
      addTotals.add(key.bucket)
      addTotals.add(batch.epoch)
      addTotals.add(key)
      addTotals.add(sums)
      try addTotals.run()
    }
    batch.totals.removeAll(keepingCapacity: true)
  }

  // MARK: Rows

  private func insertOpen(_ call: LedgerCall, _ attempt: LedgerAttempt) throws(LedgerError) {
    let key = try LedgerRowKey(LedgerKey(call, attempt), at: call.began, names)
    insertOpen.add(Int64(clamping: call.number))
    insertOpen.add(run)
    insertOpen.add(call.request)
    insertOpen.add(call.began)
    insertOpen.add(key)
    insertOpen.add(try names.number(call.endpoint))
    insertOpen.add(call.model)
    insertOpen.add(Int64(attempt.number))
    insertOpen.add(LedgerAmounts.tokens(attempt.promptMax))
    insertOpen.add(LedgerAmounts.tokens(attempt.outputMax))
    insertOpen.add(LedgerAmounts.tokens(attempt.expected))
    insertOpen.add(attempt.costMax.map(LedgerAmounts.money))
    try insertOpen.run()
  }

  private func insertRequest(
    _ row: Int64, _ call: LedgerCall, _ end: LedgerEnd, _ key: LedgerRowKey
  ) throws(LedgerError) {
    insertRequest.add(row)
    insertRequest.add(run)
    insertRequest.add(Int64(clamping: call.number))
    insertRequest.add(call.request)
    insertRequest.add(call.began)
    insertRequest.add(end.time)
    insertRequest.add(key)
    insertRequest.add(try names.number(call.endpoint))
    insertRequest.add(call.model)
    insertRequest.add(call.isAdmitted ? 1 : 0)
    insertRequest.add(Int64(end.attempts))
    insertRequest.add(end.attempt == nil ? 0 : 1)
    insertRequest.add(try names.number(end.outcome))
    insertRequest.add(Int64(end.status))
    insertRequest.add(end.attempt?.costMax.map(LedgerAmounts.money))
    insertRequest.add(end.usage)
    insertRequest.add(end.firstByte)
    insertRequest.add(end.total)
    try insertRequest.run()
  }

  private func insertAttempt(
    _ row: Int64, _ call: LedgerCall, _ attempt: LedgerAttempt, _ usage: LedgerUsage?, at time: Int64,
    _ key: LedgerRowKey
  ) throws(LedgerError) {
    insertAttempt.add(row)
    insertAttempt.add(run)
    insertAttempt.add(Int64(clamping: call.number))
    insertAttempt.add(call.request)
    insertAttempt.add(time)
    insertAttempt.add(key)
    insertAttempt.add(Int64(attempt.number))
    insertAttempt.add(attempt.costMax.map(LedgerAmounts.money))
    insertAttempt.add(usage)
    try insertAttempt.run()
  }
}
