import Foundation

/// The results of all rounds, and tables of them: medians, spread, and each target compared with nginx and the
/// direct connection.
struct Comparison {
  private struct Sample {
    var target: String
    var round: Int
    var metrics: [Metric]
  }

  private let targets: [Target]
  private var scenarios: [Scenario] = []
  private var samples: [String: [Sample]] = [:]

  init(targets: [Target]) { self.targets = targets }

  mutating func add(_ scenario: Scenario, _ target: Target, _ round: Int, _ metrics: [Metric]) {
    if samples[scenario.name] == nil { scenarios.append(scenario) }
    samples[scenario.name, default: []].append(Sample(target: target.name, round: round, metrics: metrics))
  }

  func tables() -> String { ([summary()] + scenarios.map(table)).joined(separator: "\n") }

  /// The cost of each scenario, in one line.
  private func summary() -> String {
    let names = targets.filter { !$0.isDirect }.map(\.name)
    let compared = bases.flatMap { base in
      names.filter { $0 != base && !(base != "nginx" && $0 == "nginx") }.map { (name: $0, base: base) }
    }
    var rows = [["scenario", "cost"] + names + compared.map { "\($0.name) ÷ \($0.base)" }]
    for scenario in scenarios {
      let samples = samples[scenario.name] ?? []
      guard let first = samples.first, let place = first.metrics.firstIndex(where: { $0.comparison == .ratio })
      else { continue }
      let metric = first.metrics[place]
      rows.append(
        [scenario.name, metric.title]
          + names.map { name in
            Self.spread(samples.filter { $0.target == name }.map { $0.metrics[place].value }, metric.digits)
          } + compared.map { Self.spread(ratios(samples, $0.name, $0.base, place), 2) })
    }
    return "### Cost\n\n" + Self.aligned(rows)
  }

  private func table(_ scenario: Scenario) -> String {
    let samples = samples[scenario.name] ?? []
    guard let titles = samples.first?.metrics.map(\.title) else { return "" }
    var rows = [["target"] + titles]
    for target in targets.map(\.name) {
      let own = samples.filter { $0.target == target }
      guard let first = own.first else { continue }
      rows.append(
        [target]
          + first.metrics.indices.map { place in
            Self.spread(own.map { $0.metrics[place].value }, first.metrics[place].digits)
          })
    }
    var text = "### \(scenario.name): \(scenario.title)\n\n" + Self.aligned(rows)
    for line in comparisons(scenario.name, samples) { text += "\n" + line }
    return text + "\n"
  }

  /// Compares the targets round by round, so that a slow round affects none of them.
  private func comparisons(_ scenario: String, _ samples: [Sample]) -> [String] {
    var lines: [String] = []
    let names = targets.filter { !$0.isDirect }.map(\.name)
    for name in names {
      for (place, metric) in (samples.first { $0.target == name }?.metrics ?? []).enumerated() {
        switch metric.comparison {
        case .none: continue
        case .ratio:
          for base in bases where name != base && !(base != "nginx" && name == "nginx") {
            let ratios = ratios(samples, name, base, place)
            if !ratios.isEmpty { lines.append("- \(name) ÷ \(base), \(metric.title): \(Self.spread(ratios, 2))") }
          }
        case .added:
          let added = pairs(samples, name, "direct", place).map { $0.0 - $0.1 }
          if !added.isEmpty { lines.append("- \(name) − direct, \(metric.title): \(Self.spread(added, 0))") }
        }
      }
    }
    if scenario.hasPrefix("beside"), scenario != "beside0", let alone = self.samples["beside0"] {
      for name in names {
        let place = samples.first?.metrics.firstIndex { $0.comparison == .ratio } ?? 0
        let ratios = samples.filter { $0.target == name }.compactMap { sample in
          alone.first { $0.target == name && $0.round == sample.round }.map {
            sample.metrics[place].value / $0.metrics[place].value
          }
        }
        if !ratios.isEmpty { lines.append("- \(name), CPU as a multiple of beside0: \(Self.spread(ratios, 2))") }
      }
    }
    return lines
  }

  /// The targets that ratios refer to: nginx, and the first of several builds of hoosh.
  private var bases: [String] {
    let names = targets.filter { !$0.isDirect }.map(\.name)
    guard names.contains("nginx") else { return Array(names.prefix(1)) }
    let builds = names.filter { $0 != "nginx" }
    return ["nginx"] + (builds.count > 1 ? builds.prefix(1) : [])
  }

  private func ratios(_ samples: [Sample], _ name: String, _ base: String, _ place: Int) -> [Double] {
    pairs(samples, name, base, place).filter { $0.1 != 0 }.map { $0.0 / $0.1 }
  }

  private func pairs(_ samples: [Sample], _ name: String, _ base: String, _ place: Int) -> [(Double, Double)] {
    samples.filter { $0.target == name }.compactMap { sample in
      samples.first { $0.target == base && $0.round == sample.round }.map {
        (sample.metrics[place].value, $0.metrics[place].value)
      }
    }
  }

  /// The median, with the smallest and the largest value in brackets.
  static func spread(_ values: [Double], _ digits: Int) -> String {
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard let low = sorted.first, let high = sorted.last else { return Metric.text(.nan, 0) }
    let middle = sorted.count / 2
    let median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    let text = Metric.text(median, digits)
    let (least, most) = (Metric.text(low, digits), Metric.text(high, digits))
    return least == most ? text : "\(text) (\(least)–\(most))"
  }

  private static func aligned(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = rows.map { row in
      "| "
        + row.enumerated().map { column, cell in
          let space = String(repeating: " ", count: widths[column] - cell.count)
          return column == 0 ? cell + space : space + cell
        }.joined(separator: " | ") + " |"
    }
    let rule = widths.enumerated().map { column, width in
      String(repeating: "-", count: width + 1) + (column == 0 ? "-" : ":")
    }
    lines.insert("|" + rule.joined(separator: "|") + "|", at: 1)
    return lines.joined(separator: "\n") + "\n"
  }

  /// One line of JSON for each measurement.
  func json() -> String {
    scenarios.flatMap { scenario in
      (samples[scenario.name] ?? []).map { sample in
        let members = sample.metrics.map(\.json).joined(separator: ",")
        return
          "{\"scenario\":\"\(scenario.name)\",\"target\":\"\(sample.target)\",\"round\":\(sample.round),\(members)}\n"
      }
    }.joined()
  }
}
