/// How long rows are kept. The sums stay for ever.
public struct LedgerRetention: Sendable, Equatable {
  /// The age in microseconds above which rows are removed; `nil` keeps them for ever.
  public var ageMax: Int64?
  /// The bytes of the file above which the oldest rows are removed; `nil` means no limit.
  public var bytesMax: Int64?

  public init(ageMax: Int64? = nil, bytesMax: Int64? = nil) {
    self.ageMax = ageMax
    self.bytesMax = bytesMax
  }
}

/// Removes old rows in small steps, between which new ones are written.
extension LedgerFile {
  /// Rows of one table that a step removes.
  private static let stepRows: Int64 = 5000
  /// Pages that a step gives back to the disk.
  private static let stepPages = 2000

  /// Removes some rows that are too old, or too many. Returns whether there may be more.
  ///
  /// Rows belong to a quarter of an hour. Once that is not in `buckets` any more, its rows are before the first row of all
  /// that are, and no check counts them.
  func removeOld(_ retention: LedgerRetention) throws(LedgerError) -> Bool {
    guard let oldest = try database.integer("SELECT MIN(start) FROM buckets"),
      let newest = try database.integer("SELECT MAX(start) FROM buckets")
    else { return false }
    var removed = false
    try database.transaction { () throws(LedgerError) in
      for (table, first) in [("requests", "first_request"), ("attempts", "first_attempt")] {
        guard let row = try database.integer("SELECT MIN(row) FROM \(table)"),
          let end = try database.integer("SELECT MIN(\(first)) FROM buckets"), row < end
        else { continue }
        try database.run("DELETE FROM \(table) WHERE row < \(min(end, row + Self.stepRows))")
        removed = true
      }
      if removed { return }
      try database.run("DELETE FROM given_up WHERE bucket < \(oldest)")
      // The newest two stay: sliding windows of up to a quarter of an hour are restored from their rows.
      guard oldest < newest - LedgerSchema.bucketTime, try isOver(retention, oldest: oldest, newest: newest) else {
        return
      }
      try database.run("DELETE FROM buckets WHERE start = \(oldest)")
      removed = true
    }
    if removed { try database.run("PRAGMA incremental_vacuum(\(Self.stepPages))") }
    return removed
  }

  private func isOver(_ retention: LedgerRetention, oldest: Int64, newest: Int64) throws(LedgerError) -> Bool {
    if let age = retention.ageMax, newest - oldest > age { return true }
    guard let bytesMax = retention.bytesMax else { return false }
    let pages = try database.integer("PRAGMA page_count") ?? 0
    let free = try database.integer("PRAGMA freelist_count") ?? 0
    let size = try database.integer("PRAGMA page_size") ?? 0
    return (pages - free) * size > bytesMax
  }
}
