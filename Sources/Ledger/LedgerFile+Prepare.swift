internal import CSQLite
internal import Glibc

/// The start of a ledger: its file is made or checked, and the calls of the process before are closed.
extension LedgerFile {
  /// The outcome of calls that ran when the process ended.
  static let interrupted = "interrupted"

  /// Makes or checks the file, and brings it to the present version. Call it with the lock held.
  static func prepare(_ path: String) throws(LedgerError) {
    try checkFileSystem(path)
    var status = stat()
    if unsafe stat(path, &status) != 0 {
      guard errno == ENOENT else { throw .unusable("\(path): \(unsafe String(cString: strerror(errno)))") }
      return try make(path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unusable("it is not a file") }
    if status.st_size == 0 {
      throw .corrupt("it is empty, which a ledger never is")
    }
    let database = try Database(path, .write)
    try migrate(database, path)
  }

  private static func migrate(_ database: Database, _ path: String) throws(LedgerError) {
    let found = try LedgerSchema.check(database)
    guard try database.text("PRAGMA journal_mode = WAL") == "wal" else {
      throw .unusable("its file system offers no shared memory, which the write-ahead log needs")
    }
    try LedgerSchema.migrate(database, from: found)
  }

  /// Makes a file under another name first, so that a process that ends meanwhile leaves none that is half made.
  private static func make(_ path: String) throws(LedgerError) {
    // A log without its file is all that is left of it, and would be replayed into another.
    guard unsafe access(path + "-wal", F_OK) != 0 else {
      throw .corrupt("only \(path)-wal is there; restore the file beside it, or remove that one")
    }
    let new = path + "-new"
    for suffix in ["", "-wal", "-shm", "-journal"] { _ = unsafe unlink(new + suffix) }
    let descriptor = unsafe open(new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw .unusable("\(new): \(unsafe String(cString: strerror(errno)))") }
    _ = close(descriptor)
    try fill(new)
    guard unsafe rename(new, path) == 0 else {
      throw .unusable("\(path): \(unsafe String(cString: strerror(errno)))")
    }
    try syncFolder(of: path)
    let database = try Database(path, .write)
    try migrate(database, path)
  }

  private static func fill(_ path: String) throws(LedgerError) {
    let database = try Database(path, .write)
    // Pages of removed rows can be given back to the disk in small steps.
    try database.run("PRAGMA auto_vacuum = INCREMENTAL")
    try database.run("PRAGMA synchronous = FULL")
    try database.run("PRAGMA application_id = \(LedgerSchema.applicationID)")
    try LedgerSchema.migrate(database, from: 0)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func syncFolder(of path: String) throws(LedgerError) {
    let descriptor = unsafe open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if descriptor >= 0 { _ = close(descriptor) } }
    guard descriptor >= 0, fsync(descriptor) == 0 else {
      throw .io("its folder: \(unsafe String(cString: strerror(errno)))")
    }
  }

  /// The file systems of networks, by their numbers in statfs(2): NFS, SMB, SMB 2, CIFS, Ceph, and AFS.
  private static let networks: Set<Int64> = [
    0x6969, 0x517b, 0xfe53_4d42, 0xff53_4d42, 0x00c3_6400, 0x5346_414f,
  ]

  /// Rejects the file systems of networks, on which the locks and the shared memory of SQLite are not reliable.
  private static func checkFileSystem(_ path: String) throws(LedgerError) {
    let folder = folder(of: path)
    let system = unsafe csqlite_file_system(folder)
    if system < 0 { throw .unusable("\(folder): \(unsafe String(cString: strerror(errno)))") }
    if networks.contains(system) {
      throw .unusable("it is on a file system of the network; put the ledger on a disk of this machine")
    }
  }

  /// Closes the calls that ran when the process before this one ended, at the most that they may have used, and returns
  /// their number.
  ///
  /// - Parameter time: Microseconds since 1970.
  @discardableResult
  func closeOpen(at time: Int64) throws(LedgerError) -> Int {
    let rows = try database.prepare(
      """
      SELECT o.number, o.request, o.began, o.key, c.text, t.text, l.text, p.text, m.text, e.text, o.asked, o.attempt,
      o.prompt_max, o.output_max, o.expected, o.cost_max FROM open o JOIN names c ON c.id = o.caller
      JOIN names t ON t.id = o.team JOIN names l ON l.id = o.pool JOIN names p ON p.id = o.provider
      JOIN names m ON m.id = o.model JOIN names e ON e.id = o.endpoint ORDER BY o.number
      """)
    var entries: [LedgerEntry] = []
    while try rows.step() {
      let call = LedgerCall(
        number: UInt64(clamping: rows.integer(0)), request: rows.text(1), began: rows.integer(2),
        callerID: rows.integer(3) == 0 ? nil : UInt64(bitPattern: rows.integer(3)), caller: rows.text(4),
        team: Self.name(rows.text(5)), pool: Self.name(rows.text(6)), endpoint: rows.text(9), model: rows.text(10))
      let attempt = LedgerAttempt(
        provider: rows.text(7), model: rows.text(8), number: Int(rows.integer(11)),
        promptMax: Int(rows.integer(12)),
        outputMax: Int(rows.integer(13)), expected: Int(rows.integer(14)),
        costMax: rows.optional(15).map(UInt64.init(clamping:)))
      entries.append(
        .ended(
          call,
          LedgerEnd(
            time: time, outcome: Self.interrupted, status: 0, attempts: attempt.number, attempt: attempt,
            usage: LedgerUsage(held: attempt), firstByte: nil, total: max(0, time - call.began))))
    }
    if !entries.isEmpty { try write(entries) }
    return entries.count
  }

  static func name(_ text: String) -> String? { text.isEmpty ? nil : text }
}
