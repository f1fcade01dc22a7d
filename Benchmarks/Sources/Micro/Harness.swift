import Foundation

/// A measured operation.
struct Row {
  /// The name of the operation, as a phrase.
  var name: String
  /// The bytes of input that one call reads, or of output that it writes.
  var bytes: Int
  /// Runs the operation once. The result is mixed into the digest, so that the compiler cannot remove it.
  var body: () -> UInt64

  init(_ name: String, bytes: Int, _ body: @escaping () -> UInt64) {
    self.name = name
    self.bytes = bytes
    self.body = body
  }
}

/// Measures rows: batches of calls timed with a monotonic clock, their median, and their spread.
struct Harness {
  /// The number of batches per row.
  var batches: Int
  /// The duration of a batch. `nil` makes every batch three calls.
  var batchTime: Duration?
  /// A mix of all results.
  private(set) var digest: UInt64 = 0

  init(smoke: Bool) {
    batches = smoke ? 1 : 31
    batchTime = smoke ? nil : .milliseconds(5)
  }

  /// Prints the header of the table.
  static func header() {
    print(column("row", 44) + columns(["bytes", "median ns", "p10", "p90", "MB/s"]))
  }

  /// Measures one row and prints the nanoseconds per call.
  mutating func run(_ row: Row) {
    let calls = calibrate(row)
    var times: [Double] = []
    for _ in 0..<batches { times.append(time(row, calls: calls)) }
    times.sort()
    let median = times[times.count / 2]
    let figures = [
      String(row.bytes), decimals(median), decimals(times[times.count / 10]), decimals(times[times.count * 9 / 10]),
      String(Int(Double(row.bytes) / median * 1000)),
    ]
    print(Self.column(row.name, 44) + Self.columns(figures))
  }

  /// Returns the number of calls that fill a batch, and warms up caches and branch predictors.
  private mutating func calibrate(_ row: Row) -> Int {
    guard let batchTime else { return 3 }
    var calls = 1
    while time(row, calls: calls) * Double(calls) < batchTime / .nanoseconds(1), calls < 1 << 24 { calls *= 2 }
    return calls
  }

  /// Returns the nanoseconds per call for a number of calls.
  private mutating func time(_ row: Row, calls: Int) -> Double {
    var sum: UInt64 = 0
    let clock = ContinuousClock()
    let start = clock.now
    for _ in 0..<calls { sum = sum &* 31 &+ row.body() }
    let elapsed = clock.now - start
    digest = (digest ^ sum) &* 0x9e37_79b9_7f4a_7c15
    return elapsed / .nanoseconds(1) / Double(calls)
  }

  private func decimals(_ number: Double) -> String { String(format: "%.1f", number) }

  private static func column(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private static func columns(_ texts: [String]) -> String {
    texts.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
  }
}
