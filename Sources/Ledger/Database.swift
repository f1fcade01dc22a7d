internal import CSQLite

/// One connection to a SQLite database. It stays on the thread that opened it.
@safe final class Database {
  /// How a database is opened.
  enum Access {
    /// Reads and writes a file that exists.
    case write
    /// Only reads.
    case read
  }

  /// Milliseconds that a statement waits for the lock of another process.
  private static let busyMilliseconds: Int32 = 2000

  private let handle: OpaquePointer

  /// Opens a database that exists.
  init(_ path: String, _ access: Access) throws(LedgerError) {
    var opened: OpaquePointer?
    let flags = (access == .write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX
    let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
    guard let handle = unsafe opened else { throw .unusable("SQLite has no memory") }
    unsafe self.handle = unsafe handle
    if code != SQLITE_OK { throw error(code) }
    _ = unsafe sqlite3_extended_result_codes(handle, 1)
    _ = unsafe sqlite3_busy_timeout(handle, Self.busyMilliseconds)
    guard unsafe csqlite_harden(handle) else { throw .database("SQLite cannot be configured") }
  }

  // The statements that are still in use keep the connection until they end.
  deinit { _ = unsafe sqlite3_close_v2(handle) }

  /// Runs statements without results, which must come from this program.
  func run(_ sql: String) throws(LedgerError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw error(code) }
  }

  /// Compiles a statement, which must come from this program.
  func prepare(_ sql: String) throws(LedgerError) -> Statement {
    var statement: OpaquePointer?
    let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
    let code = unsafe sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil)
    guard code == SQLITE_OK, let statement = unsafe statement else { throw error(code) }
    return unsafe Statement(statement, of: self)
  }

  /// Returns the integer that a query has as its only result; `nil` if it has none, or NULL.
  func integer(_ sql: String) throws(LedgerError) -> Int64? {
    let statement = try prepare(sql)
    return try statement.step() ? statement.optional(0) : nil
  }

  /// Returns the text that a query has as its first result; `nil` if it has none.
  func text(_ sql: String) throws(LedgerError) -> String? {
    let statement = try prepare(sql)
    return try statement.step() ? statement.text(0) : nil
  }

  /// Runs `body` in a transaction, which is undone if it throws.
  func transaction(_ body: () throws(LedgerError) -> Void) throws(LedgerError) {
    try run("BEGIN IMMEDIATE")
    do throws(LedgerError) {
      try body()
      try run("COMMIT")
    } catch {
      // SQLite has undone the transaction already after some errors.
      _ = unsafe sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  /// The error of a result code.
  func error(_ code: Int32) -> LedgerError {
    let text = unsafe String(cString: sqlite3_errmsg(handle))
    switch code & 0xff {
    case SQLITE_FULL: return .full
    case SQLITE_BUSY, SQLITE_LOCKED: return .busy
    case SQLITE_READONLY: return .readOnly
    case SQLITE_IOERR: return .io("\(text), SQLite's code \(code)")
    case SQLITE_CORRUPT: return .corrupt(text)
    case SQLITE_NOTADB: return .foreign("it is not a SQLite database; set another `ledger.path`")
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: return .unusable("it cannot be opened: \(text)")
    default: return .database("\(text), SQLite's code \(code)")
    }
  }
}
