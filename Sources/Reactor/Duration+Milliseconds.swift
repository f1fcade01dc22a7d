extension Duration {
  /// Whole milliseconds, clamped.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? Int(Int32.max) : Int(clamping: product &+ attoseconds / 1_000_000_000_000_000)
  }
}
