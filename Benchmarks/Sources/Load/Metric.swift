import Foundation

/// A metric of a run.
struct Metric {
  enum Comparison {
    case none
    /// Compared with nginx as a ratio.
    case ratio
    /// Compared with the direct connection as a difference.
    case added
  }

  /// The name in JSON.
  var key: String
  /// The name in a table.
  var title: String
  var value: Double
  var digits = 1
  var comparison = Comparison.none

  /// Returns the value as text. A missing value, such as the CPU time of no process, is a dash.
  static func text(_ value: Double, _ digits: Int) -> String {
    value.isNaN ? "–" : String(format: "%.\(digits)f", value)
  }

  /// Returns the metric as a member of a JSON object.
  var json: String { "\"\(key)\":" + (value.isNaN ? "null" : Self.text(value, 3)) }
}
