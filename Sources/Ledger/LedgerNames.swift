/// The numbers by which names stand in rows. The name of 0 is empty.
final class LedgerNames {
  /// Names that are kept in memory. Beyond it they are looked up in the file again.
  private static let cachedMax = 16_384
  /// Models of providers that have a name of their own; further ones are summed up under one.
  static let modelsMax = 4096

  private let insert: Statement
  private let find: Statement
  private var numbers: [String: Int64] = ["": 0]
  private var models: [String: Int64] = ["": 0]

  init(_ database: Database) throws(LedgerError) {
    insert = try database.prepare("INSERT INTO names (text) VALUES (?) ON CONFLICT DO NOTHING")
    find = try database.prepare("SELECT id FROM names WHERE text = ?")
    try loadModels(database)
  }

  private func loadModels(_ database: Database) throws(LedgerError) {
    let known = try database.prepare(
      "SELECT id, text FROM names WHERE id IN (SELECT model FROM totals) LIMIT \(Self.modelsMax)")
    while try known.step() { models[known.text(1)] = known.integer(0) }
  }

  /// Returns the number of a name, which is written if it is new.
  func number(_ name: String?) throws(LedgerError) -> Int64 {
    guard let name else { return 0 }
    if let number = numbers[name] { return number }
    insert.add(name)
    try insert.run()
    find.add(name)
    guard try find.step() else { throw .corrupt("a name is missing") }
    let number = find.integer(0)
    find.reset()
    if numbers.count >= Self.cachedMax { numbers = ["": 0] }
    numbers[name] = number
    return number
  }

  /// Returns the number of a provider's model, or that of all further ones: callers choose such names.
  func number(model name: String) throws(LedgerError) -> Int64 {
    if let number = models[name] { return number }
    let number = try number(models.count < Self.modelsMax ? name : LedgerKey.otherModels)
    models[name] = models.count < Self.modelsMax ? number : nil
    return number
  }

  /// Forgets what is in memory, because the transaction that wrote it was undone.
  func forget(_ database: Database) throws(LedgerError) {
    numbers = ["": 0]
    models = ["": 0]
    try loadModels(database)
  }
}
