import Foundation

/// One figure of a run.
struct Metric {
  enum Comparison {
    case none
    /// Told as a multiple of nginx's.
    case ratio
    /// Told as what is added to the direct way.
    case added
  }

  /// What it is called in JSON.
  var key: String
  /// What it is called in a table.
  var title: String
  var value: Double
  var digits = 1
  var comparison = Comparison.none

  /// A figure that there is not, such as the CPU of no process, is a dash.
  static func text(_ value: Double, _ digits: Int) -> String {
    value.isNaN ? "–" : String(format: "%.\(digits)f", value)
  }

  /// As a member of a JSON object.
  var json: String { "\"\(key)\":" + (value.isNaN ? "null" : Self.text(value, 3)) }
}
