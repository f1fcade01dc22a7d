/// The key of a row, in numbers of names.
struct LedgerRowKey: Hashable {
  let bucket: Int64
  let callerID: Int64
  let caller: Int64
  let team: Int64
  let pool: Int64
  let provider: Int64
  let model: Int64

  init(_ key: LedgerKey, at time: Int64, _ names: LedgerNames) throws(LedgerError) {
    bucket = LedgerSchema.bucket(of: time)
    callerID = Int64(bitPattern: key.callerID ?? 0)
    caller = try names.number(key.caller)
    team = try names.number(key.team)
    pool = try names.number(key.pool)
    provider = try names.number(key.provider)
    model = try names.number(model: key.model)
  }
}

extension Statement {
  /// Binds the columns of a key, from `key` to `model`.
  func add(_ key: LedgerRowKey) {
    add(key.callerID)
    add(key.caller)
    add(key.team)
    add(key.pool)
    add(key.provider)
    add(key.model)
  }

  /// Binds the columns of a usage, from `source` to `charge`.
  func add(_ usage: LedgerUsage?) {
    let amounts = usage.map(LedgerAmounts.init)
    add(usage?.source.rawValue)
    add(amounts?.input ?? 0)
    add(amounts?.cacheRead ?? 0)
    add(amounts?.cacheWrite ?? 0)
    add(amounts?.cacheWriteLong ?? 0)
    add(amounts?.output ?? 0)
    add(amounts?.reasoning ?? 0)
    add(amounts?.audioIn ?? 0)
    add(amounts?.audioOut ?? 0)
    add(amounts?.limitTokens ?? 0)
    add(amounts?.cost)
    add(amounts?.charge ?? 0)
  }

  /// Binds the columns of sums.
  func add(_ sums: LedgerSums) { for column in LedgerSums.Column.allCases { add(sums[column]) } }

  /// Reads the columns of sums, from a column on.
  func sums(from first: Int) -> LedgerSums {
    var sums = LedgerSums()
    for (index, column) in LedgerSums.Column.allCases.enumerated() { sums[column] = integer(first + index) }
    return sums
  }
}
