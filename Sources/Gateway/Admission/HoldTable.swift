/// The amounts that running attempts hold. Lists that are done with are used again, so that a hold allocates nothing.
struct HoldTable {
  /// An amount that is held in an allowance.
  struct Part: Equatable {
    var allowance: Int
    var unit: AllowanceRule.Unit
    var amount: UInt64
  }

  private var lists: [[Part]] = []
  private var free: [Int] = []

  /// Begins a hold without amounts, and returns its number.
  mutating func begin() -> Int {
    if let number = free.popLast() { return number }
    lists.append([])
    return lists.count - 1
  }

  mutating func add(_ part: Part, to number: Int) { lists[number].append(part) }

  func indices(of number: Int) -> Range<Int> { lists[number].indices }

  subscript(number: Int, index: Int) -> Part { lists[number][index] }

  /// Ends a hold. Its number is that of a later one.
  mutating func end(_ number: Int) {
    lists[number].removeAll(keepingCapacity: true)
    free.append(number)
  }
}
