internal import CSQLite

/// A compiled statement. Values are bound in the order of its parameters, then it runs; then it can be used again.
@safe final class Statement {
  private let handle: OpaquePointer
  private let database: Database
  private var bound: Int32 = 0
  /// The first error of a bound value.
  private var failure = SQLITE_OK

  init(_ handle: OpaquePointer, of database: Database) {
    unsafe self.handle = unsafe handle
    self.database = database
  }

  deinit { _ = unsafe sqlite3_finalize(handle) }

  // MARK: Parameters

  /// Binds the next parameter to an integer.
  func add(_ value: Int64) {
    bound += 1
    note(unsafe sqlite3_bind_int64(handle, bound, value))
  }

  /// Binds the next parameter to an integer, or to NULL.
  func add(_ value: Int64?) {
    if let value { return add(value) }
    bound += 1
    note(unsafe sqlite3_bind_null(handle, bound))
  }

  /// Binds the next parameter to a text, or to NULL.
  func add(_ value: String?) {
    bound += 1
    guard var value else { return note(unsafe sqlite3_bind_null(handle, bound)) }
    let code = value.withUTF8 { bytes in
      guard let base = bytes.baseAddress, let count = Int32(exactly: bytes.count) else {
        return unsafe csqlite_bind_text(handle, bound, "", 0)
      }
      return unsafe base.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
        unsafe csqlite_bind_text(handle, bound, $0, count)
      }
    }
    note(code)
  }

  private func note(_ code: Int32) { if failure == SQLITE_OK { failure = code } }

  // MARK: Results

  /// Runs the statement to its end.
  func run() throws(LedgerError) { while try step() {} }

  /// Goes to the next row. Returns false at the end, and the statement can be used again.
  func step() throws(LedgerError) -> Bool {
    let code = failure == SQLITE_OK ? unsafe sqlite3_step(handle) : failure
    if code == SQLITE_ROW { return true }
    // The message is gone after a reset.
    let error = code == SQLITE_DONE ? nil : database.error(code)
    reset()
    if let error { throw error }
    return false
  }

  /// Ends the statement before its last row.
  func reset() {
    _ = unsafe sqlite3_reset(handle)
    bound = 0
    failure = SQLITE_OK
  }

  /// The integer in a column of the present row; 0 for NULL.
  func integer(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(handle, Int32(clamping: column)) }

  /// The integer in a column of the present row; `nil` for NULL.
  func optional(_ column: Int) -> Int64? {
    unsafe sqlite3_column_type(handle, Int32(clamping: column)) == SQLITE_NULL ? nil : integer(column)
  }

  /// The text in a column of the present row; empty for NULL.
  func text(_ column: Int) -> String {
    guard let bytes = unsafe sqlite3_column_text(handle, Int32(clamping: column)) else { return "" }
    return unsafe String(cString: bytes)
  }

  /// The text in a column of the present row; `nil` for NULL.
  func optionalText(_ column: Int) -> String? {
    unsafe sqlite3_column_type(handle, Int32(clamping: column)) == SQLITE_NULL ? nil : text(column)
  }
}
