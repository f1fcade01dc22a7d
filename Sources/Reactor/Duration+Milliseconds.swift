extension Duration {
  /// The duration in whole milliseconds, clamped to the range of `Int`.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? Int(Int32.max) : Int(clamping: product &+ attoseconds / 1_000_000_000_000_000)
  }
}
