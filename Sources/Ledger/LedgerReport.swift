/// The sums of a ledger's file by one dimension, for people and programs.
public struct LedgerReport: Sendable, Equatable {
  /// The property by which sums are told apart.
  public enum Dimension: String, CaseIterable, Sendable {
    case key, team, model, provider
    /// A day of UTC.
    case day
  }

  /// The sums of one caller, team, model, provider, or day.
  public struct Line: Sendable, Equatable {
    public var name: String
    public var sums: LedgerSums
  }

  /// The lines by name.
  public var lines: [Line] = []
  /// The sums of all lines.
  public var total = LedgerSums()

  /// A report of lines that were read before.
  init(lines: [Line]) { self.lines = lines }

  private static let dayTime: Int64 = 86_400_000_000

  /// Reads the report of the file at a path, which a gateway may be writing.
  ///
  /// - Parameter since: Microseconds since 1970. The report begins with the quarter of an hour that it is in.
  public init(_ path: String, by dimension: Dimension, since: Int64 = 0) throws(LedgerError) {
    let database = try Database(path, .read)
    _ = try LedgerSchema.check(database)
    let name =
      switch dimension {
      case .key: "(SELECT text FROM names WHERE id = caller)"
      case .team: "(SELECT text FROM names WHERE id = team)"
      case .model: "(SELECT text FROM names WHERE id = model)"
      case .provider: "(SELECT text FROM names WHERE id = provider)"
      case .day: "date(day * 86400, 'unixepoch')"
      }
    let group = dimension == .day ? "bucket / \(Self.dayTime)" : dimension == .key ? "caller" : dimension.rawValue
    let sums = LedgerSums.Column.allCases.map { "\(Database.total($0.rawValue)) AS \($0.rawValue)" }
    let rows = try database.prepare(
      """
      SELECT \(name) AS name, * FROM (SELECT \(group) AS \(dimension == .key ? "caller" : dimension.rawValue),
      \(sums.joined(separator: ", ")) FROM totals WHERE bucket >= \(LedgerSchema.bucket(of: since)) GROUP BY 1)
      ORDER BY name
      """)
    while try rows.step() {
      let sums = rows.sums(from: 2)
      lines.append(Line(name: rows.text(0), sums: sums))
      total.add(sums)
    }
  }
}
