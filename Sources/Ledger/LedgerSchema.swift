/// The tables of a ledger's file, and the steps from one version of them to the next.
///
/// - `open` has the calls with an attempt at a provider, and `requests` those that ended, in the order of their ends.
/// - `attempts` has the attempts that failed while their call went on.
/// - `totals` has the sums by quarter of an hour, caller, provider, and model. They stay when rows are removed.
/// - `given_up` has the sums of calls that have no row because the disk was too slow.
/// - `buckets` has the first row of each quarter of an hour, so that no table needs an index by time.
///
/// Times are microseconds since 1970 in UTC, and money is in millionths of a US dollar.
enum LedgerSchema {
  /// The mark of a ledger's file among SQLite's: `hoos`.
  static let applicationID: Int64 = 0x686f_6f73
  /// The present version.
  static let version: Int64 = Int64(steps.count)
  /// The length of a bucket in microseconds. Days begin at a multiple of it in every time zone.
  static let bucketTime: Int64 = 900_000_000

  /// The columns of `LedgerSums`, with the type of a column.
  private static let sums = LedgerSums.Column.allCases.map { "\($0.rawValue) INTEGER NOT NULL" }
    .joined(separator: ", ")
  private static let keys =
    "key INTEGER NOT NULL, caller INTEGER NOT NULL, team INTEGER NOT NULL, pool INTEGER NOT NULL, "
    + "provider INTEGER NOT NULL, model INTEGER NOT NULL"
  private static let usage =
    "source INTEGER, input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL, "
    + "cache_write_long INTEGER NOT NULL, output INTEGER NOT NULL, reasoning INTEGER NOT NULL, "
    + "audio_in INTEGER NOT NULL, audio_out INTEGER NOT NULL, limit_tokens INTEGER NOT NULL, cost INTEGER, "
    + "charge INTEGER NOT NULL"

  /// The steps to each version from the one before. A step is never changed once it was released.
  static let steps: [[String]] = [
    [
      "CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
      "INSERT INTO state VALUES ('epoch', 0), ('run', 0)",
      "CREATE TABLE names (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT",
      "INSERT INTO names VALUES (0, '')",
      """
      CREATE TABLE open (number INTEGER PRIMARY KEY, run INTEGER NOT NULL, request TEXT NOT NULL, began INTEGER NOT NULL,
      \(keys), endpoint INTEGER NOT NULL, asked TEXT NOT NULL, attempt INTEGER NOT NULL, prompt_max INTEGER NOT NULL,
      output_max INTEGER NOT NULL, expected INTEGER NOT NULL, cost_max INTEGER) STRICT
      """,
      """
      CREATE TABLE requests (row INTEGER PRIMARY KEY, run INTEGER NOT NULL, number INTEGER NOT NULL,
      request TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL, \(keys), endpoint INTEGER NOT NULL,
      asked TEXT NOT NULL, admitted INTEGER NOT NULL, attempts INTEGER NOT NULL, has_attempt INTEGER NOT NULL,
      outcome INTEGER NOT NULL, status INTEGER NOT NULL, hold INTEGER, \(usage), first_byte INTEGER,
      total INTEGER NOT NULL) STRICT
      """,
      """
      CREATE TABLE attempts (row INTEGER PRIMARY KEY, run INTEGER NOT NULL, number INTEGER NOT NULL,
      request TEXT NOT NULL, ended INTEGER NOT NULL, \(keys), attempt INTEGER NOT NULL, hold INTEGER, \(usage)) STRICT
      """,
      """
      CREATE TABLE totals (bucket INTEGER NOT NULL, epoch INTEGER NOT NULL, \(keys), \(sums),
      PRIMARY KEY (bucket, epoch, key, caller, team, pool, provider, model)) STRICT, WITHOUT ROWID
      """,
      "CREATE TABLE given_up (row INTEGER PRIMARY KEY, bucket INTEGER NOT NULL, \(keys), \(sums)) STRICT",
      """
      CREATE TABLE buckets (start INTEGER PRIMARY KEY, first_request INTEGER NOT NULL,
      first_attempt INTEGER NOT NULL) STRICT
      """,
      """
      CREATE VIEW request_log AS SELECT r.row, r.request, datetime(r.ended / 1000000, 'unixepoch') AS time,
      c.text AS caller, t.text AS team, e.text AS endpoint, r.asked AS model, m.text AS model_served, p.text AS provider,
      r.attempts, o.text AS outcome, r.status, r.input + r.cache_read + r.cache_write + r.cache_write_long + r.audio_in
      AS prompt_tokens, r.output + r.reasoning + r.audio_out AS completion_tokens, r.cost AS cost_micro_usd,
      r.hold AS hold_micro_usd, r.total AS total_us FROM requests r JOIN names c ON c.id = r.caller
      JOIN names t ON t.id = r.team JOIN names e ON e.id = r.endpoint JOIN names m ON m.id = r.model
      JOIN names p ON p.id = r.provider JOIN names o ON o.id = r.outcome
      """,
    ]
  ]

  /// Checks that a database is a ledger of a version that can be used.
  static func check(_ database: Database) throws(LedgerError) -> Int64 {
    let mark = try database.integer("PRAGMA application_id") ?? 0
    guard mark == applicationID else {
      throw .foreign("it is a database of another program; set another `ledger.path`")
    }
    let found = try database.integer("PRAGMA user_version") ?? 0
    if found > version { throw .newerSchema(found: found, known: version) }
    return found
  }

  /// Brings a database to the present version.
  static func migrate(_ database: Database, from found: Int64) throws(LedgerError) {
    for (index, step) in steps.enumerated() where index >= found {
      try database.transaction { () throws(LedgerError) in
        for statement in step { try database.run(statement) }
        try database.run("PRAGMA user_version = \(index + 1)")
      }
    }
  }

  /// Returns the bucket that a time is in, by its start.
  static func bucket(of time: Int64) -> Int64 {
    let time = max(0, time)
    return time - time % bucketTime
  }
}
