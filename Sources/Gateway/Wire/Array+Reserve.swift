/// Reserves capacity for bytes whose total is declared before they arrive.
extension [UInt8] {
  /// Bytes that may be reserved before any have arrived.
  static let promisedBytesMax = 64 * 1024
  /// The multiple of the bytes that have arrived, up to which more may be reserved.
  private static let promisedTimes = 16

  /// Reserves capacity for `arriving` bytes and for more of the `missing` ones that were declared.
  ///
  /// Doubling would copy megabytes in one turn, and reserving everything would let a declaration cost as much memory as
  /// a body. Does nothing if no more than the arriving bytes is missing.
  mutating func reserve(arriving: Int, missing: Int) {
    guard missing > arriving, capacity - count < arriving else { return }
    let all = count + missing
    let limit = Swift.max(count * Self.promisedTimes, Self.promisedBytesMax)
    // A last step that is not much larger saves another one.
    if all <= 3 * limit { reserveCapacity(all) } else { reserveCapacity(limit) }
  }
}
