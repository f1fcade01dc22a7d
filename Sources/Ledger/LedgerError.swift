/// Why a ledger's file cannot be opened, read, or written.
public enum LedgerError: Error, Equatable, CustomStringConvertible {
  /// Another process holds the file.
  case held(path: String, by: String)
  /// The file was written by a later version.
  case newerSchema(found: Int64, known: Int64)
  /// The file is a database of something else, or none.
  case foreign(String)
  /// The content of the file is damaged.
  case corrupt(String)
  /// The file or its folder cannot be opened.
  case unusable(String)
  /// The disk is full, or a quota is.
  case full
  /// Another process has locked the database.
  case busy
  /// The file may only be read.
  case readOnly
  /// The disk failed to read, write, or sync.
  case io(String)
  /// Anything else that SQLite reports.
  case database(String)

  /// Whether it may pass without a restart. A disk that failed once is not trusted again, because the kernel forgets what
  /// it could not write.
  public var mayPass: Bool {
    switch self {
    case .full, .busy, .readOnly: true
    case .held, .newerSchema, .foreign, .corrupt, .unusable, .io, .database: false
    }
  }

  public var description: String {
    switch self {
    case .held(let path, let holder):
      "\(path) is in use by \(holder); stop it, or set another `ledger.path`"
    case .newerSchema(let found, let known):
      "it was written by a later version of hoosh (schema \(found), and this version knows \(known)); "
        + "run that version, or set another `ledger.path`"
    case .foreign(let text): text
    case .corrupt(let text): "it is damaged (\(text)); restore a copy, or set another `ledger.path`"
    case .unusable(let text): text
    case .full: "the disk is full"
    case .busy: "another process has locked the database"
    case .readOnly: "it may only be read"
    case .io(let text): "the disk failed (\(text)); check it, and restart hoosh"
    case .database(let text): text
    }
  }
}
