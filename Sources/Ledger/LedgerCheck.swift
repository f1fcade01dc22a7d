/// A check of a ledger's file: what must hold of it whatever happened.
public struct LedgerCheck: Sendable, Equatable {
  /// Violations that are listed at most.
  private static let problemsMax = 100

  /// The violations in words; empty if the file is sound.
  public private(set) var problems: [String] = []
  /// Rows of calls that ended, and of attempts that failed.
  public private(set) var requests: Int64 = 0
  public private(set) var attempts: Int64 = 0
  /// Calls with an attempt at a provider.
  public private(set) var open: Int64 = 0
  /// Calls that have no row of their own because the disk was too slow.
  public private(set) var givenUp: Int64 = 0
  /// The process that owns the ledger; `nil` if there is none, so that what is open has been interrupted.
  public private(set) var holder: String?

  /// Checks the file at a path, which a gateway may be writing. It must not belong to this process.
  public init(_ path: String) throws(LedgerError) {
    try self.init(Database(path, .read))
    holder = LedgerLock.holder(of: path)
  }

  init(_ database: Database) throws(LedgerError) {
    _ = try LedgerSchema.check(database)
    // One view of the file for all of it.
    try database.run("BEGIN")
    requests = try database.integer("SELECT COUNT(*) FROM requests") ?? 0
    attempts = try database.integer("SELECT COUNT(*) FROM attempts") ?? 0
    open = try database.integer("SELECT COUNT(*) FROM open") ?? 0
    givenUp = try database.integer("SELECT TOTAL(requests) FROM given_up") ?? 0
    try add(database, "PRAGMA integrity_check(\(Self.problemsMax))", except: "ok") {
      "the database is damaged: \($0)"
    }
    try add(
      database,
      """
      SELECT request || ' (' || COUNT(*) || ' rows)' FROM requests WHERE number > 0 GROUP BY run, number
      HAVING COUNT(*) > 1
      """
    ) { "a call has more than one row: \($0)" }
    try add(
      database,
      "SELECT o.request FROM open o JOIN requests r ON r.run = o.run AND r.number = o.number"
    ) { "a call is open and has ended: \($0)" }
    try add(
      database,
      "SELECT request FROM open WHERE run != (SELECT value FROM state WHERE name = 'run')"
    ) { "a call is open since an earlier run: \($0)" }
    try addSums(database)
    try database.run("COMMIT")
  }

  /// Compares the sums of the rows with the totals, for each quarter of an hour, caller, provider, and model.
  private mutating func addSums(_ database: Database) throws(LedgerError) {
    let ids = "key, caller, team, pool, provider, model"
    let usage =
      "source, input, cache_read, cache_write, cache_write_long, output, reasoning, audio_in, audio_out, limit_tokens, "
      + "cost, charge"
    let bucket = "ended - ended % \(LedgerSchema.bucketTime) AS bucket"
    let columns = LedgerSums.Column.allCases.map(\.rawValue)
    // Rows from before are being removed.
    let kept = "COALESCE((SELECT MIN(start) FROM buckets), 0)"
    let rows = """
      SELECT \(bucket), \(ids), 1 AS requests, admitted, has_attempt AS attempts, \(usage) FROM requests
      WHERE ended >= \(kept)
      UNION ALL SELECT \(bucket), \(ids), 0, 0, 1, \(usage) FROM attempts WHERE ended >= \(kept)
      """
    let sums = """
      SELECT u.bucket, \(ids.split(separator: ", ").map { "u.\($0)" }.joined(separator: ", ")), \(Database.sumsOfRows)
      FROM (\(rows)) u GROUP BY 1, 2, 3, 4, 5, 6, 7
      UNION ALL SELECT bucket, \(ids), \(columns.joined(separator: ", ")) FROM given_up WHERE bucket >= \(kept)
      UNION ALL SELECT bucket, \(ids), \(columns.map { "-\($0)" }.joined(separator: ", ")) FROM totals
      WHERE bucket >= \(kept)
      """
    let names = columns.map { "sum_\($0)" }
    let differs = names.map { "TOTAL(\($0)) != 0" }.joined(separator: " OR ")
    try add(
      database,
      """
      WITH sums(bucket, \(ids), \(names.joined(separator: ", "))) AS (\(sums))
      SELECT datetime(bucket / 1000000, 'unixepoch') || ' ' || (SELECT text FROM names WHERE id = caller) || ' '
      || (SELECT text FROM names WHERE id = provider) || ' ' || (SELECT text FROM names WHERE id = model)
      FROM sums GROUP BY bucket, \(ids) HAVING \(differs)
      """
    ) { "the rows and the totals differ: \($0)" }
  }

  /// Adds a problem for each text that a query returns.
  private mutating func add(
    _ database: Database, _ sql: String, except sound: String? = nil, _ problem: (String) -> String
  ) throws(LedgerError) {
    let rows = try database.prepare(sql)
    while try rows.step() {
      let text = rows.text(0)
      if text != sound, problems.count < Self.problemsMax { problems.append(problem(text)) }
    }
  }
}
