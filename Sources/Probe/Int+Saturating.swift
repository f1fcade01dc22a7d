// Arithmetic on numbers that a file, a driver or a caller chose. It never traps.
extension Int {
  /// Returns the product, saturating.
  func times(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? (self < 0) != (other < 0) ? .min : .max : product
  }

  /// Returns the sum, saturating.
  func plus(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// Returns the difference, saturating.
  func minus(_ other: Int) -> Int {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }

  /// Converts a number, saturating; 0 if it is not finite.
  init(saturating number: Double) { self = number.isFinite ? Int(Swift.max(-9e18, Swift.min(9e18, number))) : 0 }
}
