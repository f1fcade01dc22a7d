/// How a text grows whose length was declared before it came.
extension [UInt8] {
  /// Bytes that are reserved on a promise; more has to come first, and then so many times what came.
  static let promisedBytesMax = 64 * 1024
  private static let promisedTimes = 16

  /// Makes room for bytes that are here, and for more of those that are still to come: growing by doubling would copy
  /// megabytes in one turn, and reserving all at once would let a promise cost as much as a body. Where no more was
  /// announced it is left to `append` to double.
  mutating func reserve(arriving: Int, missing: Int) {
    guard missing > arriving, capacity - count < arriving else { return }
    let all = count + missing
    let most = Swift.max(count * Self.promisedTimes, Self.promisedBytesMax)
    // A last step that is not much larger spares another one.
    if all <= 3 * most { reserveCapacity(all) } else { reserveCapacity(most) }
  }
}
