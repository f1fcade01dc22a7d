import Gateway
import Ledger

/// A ledger's report as text.
enum LedgerText {
  private static let columns: [(name: String, value: @Sendable (LedgerSums) -> Int64)] = [
    ("requests", { $0[.requests] }), ("prompt_tokens", { $0.promptTokens }),
    ("completion_tokens", { $0.completionTokens }), ("cost_micro_usd", { $0[.cost] }),
    ("unknown_price_requests", { $0[.unpriced] }),
  ]

  /// The name of a line; a line without one is that of calls without a team, or without an attempt.
  private static func name(_ line: LedgerReport.Line) -> String { line.name.isEmpty ? "-" : line.name }

  /// Returns a report for people, with money in US dollars.
  static func table(_ report: LedgerReport, by dimension: LedgerReport.Dimension) -> String {
    let head = [dimension.rawValue, "requests", "prompt", "completion", "USD", "unknown price"]
    var rows = [head] + report.lines.map { row(name($0), $0.sums) }
    rows.append(row("total", report.total))
    let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + space : space + row[column]
      }.joined(separator: "  ")
    }
    return lines.joined(separator: "\n")
  }

  private static func row(_ name: String, _ sums: LedgerSums) -> [String] {
    [
      name, "\(sums[.requests])", "\(sums.promptTokens)", "\(sums.completionTokens)", dollars(sums[.cost]),
      "\(sums[.unpriced])",
    ]
  }

  /// Returns an amount of millionths in US dollars, with six decimals.
  static func dollars(_ micro: Int64) -> String {
    let decimals = String(micro % 1_000_000)
    return "\(micro / 1_000_000).\(String(repeating: "0", count: 6 - decimals.count))\(decimals)"
  }

  /// Returns a report as CSV (RFC 4180), with money in millionths of a US dollar.
  static func csv(_ report: LedgerReport, by dimension: LedgerReport.Dimension) -> String {
    let head = ([dimension.rawValue] + columns.map(\.name)).joined(separator: ",")
    let lines = report.lines.map { line in
      ([quoted(line.name)] + columns.map { "\($0.value(line.sums))" }).joined(separator: ",")
    }
    return ([head] + lines).map { $0 + "\r\n" }.joined()
  }

  /// A text in quotes. Callers name models, and a spreadsheet would run what begins as a formula.
  private static func quoted(_ text: String) -> String {
    let isFormula = text.first.map { "=+-@\t\r".contains($0) } ?? false
    return "\"" + (isFormula ? "'" : "")
      + text.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }

  /// Returns a report as one JSON object, with money in millionths of a US dollar.
  static func json(_ report: LedgerReport, by dimension: LedgerReport.Dimension) -> [UInt8] {
    var out: [UInt8] = Array("{".utf8)
    Writer.member("by", dimension.rawValue, to: &out)
    out += Array(",\"lines\":[".utf8)
    for (index, line) in report.lines.enumerated() {
      if index > 0 { out += Array(",".utf8) }
      out += Array("{".utf8)
      Writer.member("name", line.name, to: &out)
      append(line.sums, to: &out)
    }
    out += Array("],\"total\":{\"name\":\"\"".utf8)
    append(report.total, to: &out)
    out += Array("}\n".utf8)
    return out
  }

  private static func append(_ sums: LedgerSums, to out: inout [UInt8]) {
    for (name, value) in columns { out += Array(",\"\(name)\":\(value(sums))".utf8) }
    for column in LedgerSums.Column.allCases where !columns.contains(where: { $0.name == column.rawValue }) {
      if column != .cost { out += Array(",\"\(column.rawValue)\":\(sums[column])".utf8) }
    }
    out += Array("}".utf8)
  }
}
