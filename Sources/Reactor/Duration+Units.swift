extension Duration {
  /// The duration in whole milliseconds, clamped to the range of `Int`.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? Int(Int32.max) : Int(clamping: product &+ attoseconds / 1_000_000_000_000_000)
  }

  /// The duration in whole nanoseconds, clamped to the range of `Int64`.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product &+ attoseconds / 1_000_000_000
  }
}
