/// The use of one provider's model by one caller, and when.
public struct LedgerUsed: Sendable, Equatable {
  public var key: LedgerKey
  public var sums: LedgerSums
  /// The last instant at which it may have been used, in microseconds since 1970.
  public var time: Int64
}

/// The part of the past that a new process begins with.
public enum LedgerPast: Sendable {
  /// Everything that was ever used, by caller, provider, and model.
  case ever
  /// The use since a time in microseconds since 1970, oldest first.
  case since(Int64)
  /// The use that the present costs are made of.
  case costs
}

extension Database {
  /// The time before now of which each second is told apart. Older use is known to a quarter of an hour.
  private static let detailTime: Int64 = 900_000_000

  private static let names =
    "JOIN names c ON c.id = u.caller JOIN names t ON t.id = u.team JOIN names l ON l.id = u.pool "
    + "JOIN names p ON p.id = u.provider JOIN names m ON m.id = u.model"
  private static let keys = "u.key, c.text, t.text, l.text, p.text, m.text"
  private static let ids = "u.key, u.caller, u.team, u.pool, u.provider, u.model"

  /// Reads a part of the past, and gives each piece of it to `visit`.
  ///
  /// - Parameter now: Microseconds since 1970.
  func forEachUsed(
    _ past: LedgerPast, now: Int64, _ visit: (LedgerUsed) -> Void
  ) throws(LedgerError) {
    switch past {
    case .ever: try read(Self.totals("TRUE", by: "0"), visit)
    case .costs:
      try read(Self.totals("epoch = (SELECT value FROM state WHERE name = 'epoch')", by: "0"), visit)
    case .since(let start):
      let detail = LedgerSchema.bucket(of: now - Self.detailTime)
      let end = LedgerSchema.bucketTime - 1
      try read(
        Self.totals(
          "bucket >= \(LedgerSchema.bucket(of: start)) AND bucket < \(detail)", by: "MIN(u.bucket + \(end), \(now))"
        ),
        visit)
      try readDetail(since: detail, now: now, visit)
    }
  }

  private static func totals(_ condition: String, by time: String) -> String {
    "SELECT \(time), \(keys), \(totalColumns) FROM totals u \(names) WHERE \(condition) GROUP BY 1, \(ids) ORDER BY 1"
  }

  /// Sums that cannot overflow: floats are exact up to 2^53, and nothing real is beyond.
  private static let totalColumns = LedgerSums.Column.allCases.map { total("u.\($0.rawValue)") }
    .joined(separator: ", ")

  /// The sum of an expression, which saturates.
  static func total(_ expression: String) -> String {
    "CAST(MIN(TOTAL(\(expression)), \(LedgerSums.sumMax).0) AS INTEGER)"
  }

  /// Reads what was used in a time of which there are rows, second by second.
  private func readDetail(since start: Int64, now: Int64, _ visit: (LedgerUsed) -> Void) throws(LedgerError) {
    let first = try integer("SELECT MIN(first_request) FROM buckets WHERE start >= \(start)") ?? .max
    let attempt = try integer("SELECT MIN(first_attempt) FROM buckets WHERE start >= \(start)") ?? .max
    let usage = "source, input, cache_read, cache_write, cache_write_long, output, reasoning, audio_in, audio_out"
    let rest = "limit_tokens, cost, charge"
    let rows = """
      SELECT ended / 1000000 AS second, key, caller, team, pool, provider, model, 1 AS requests, admitted,
      has_attempt AS attempts, \(usage), \(rest) FROM requests WHERE row >= \(first) AND ended >= \(start)
      UNION ALL SELECT ended / 1000000, key, caller, team, pool, provider, model, 0, 0, 1, \(usage), \(rest)
      FROM attempts WHERE row >= \(attempt) AND ended >= \(start)
      """
    try read(
      """
      SELECT MIN(u.second * 1000000 + 999999, \(now)), \(Self.keys), \(Self.sumsOfRows)
      FROM (\(rows)) u \(Self.names) GROUP BY u.second, \(Self.ids)
      UNION ALL SELECT MIN(u.bucket + \(LedgerSchema.bucketTime - 1), \(now)), \(Self.keys), \(Self.totalColumns)
      FROM given_up u \(Self.names) WHERE u.bucket >= \(start) GROUP BY u.bucket, \(Self.ids) ORDER BY 1
      """, visit)
  }

  /// The columns of `LedgerSums` of rows `u`.
  static let sumsOfRows = LedgerSums.Column.allCases.map { column in
    switch column {
    case .used: total("u.source IS NOT NULL AND u.source != \(LedgerUsage.Source.caller.rawValue)")
    case .unpriced: total("u.source IS NOT NULL AND u.cost IS NULL")
    case .unpricedTokens:
      total(
        "CASE WHEN u.source IS NOT NULL AND u.cost IS NULL THEN u.input + u.cache_read + u.cache_write "
          + "+ u.cache_write_long + u.output + u.reasoning + u.audio_in + u.audio_out ELSE 0 END")
    default: total("u.\(column.rawValue)")
    }
  }.joined(separator: ", ")

  private func read(_ sql: String, _ visit: (LedgerUsed) -> Void) throws(LedgerError) {
    let rows = try prepare(sql)
    while try rows.step() {
      let key = LedgerKey(
        callerID: rows.integer(1) == 0 ? nil : UInt64(bitPattern: rows.integer(1)), caller: rows.text(2),
        team: LedgerFile.name(rows.text(3)), pool: LedgerFile.name(rows.text(4)), provider: rows.text(5),
        model: rows.text(6))
      visit(LedgerUsed(key: key, sums: rows.sums(from: 7), time: rows.integer(0)))
    }
  }
}
