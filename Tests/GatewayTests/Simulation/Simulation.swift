/// Episodes one after the other, and what they came to.
enum Simulation {
  struct Report {
    var first: UInt64
    var episodes = 0
    var passed = 0
    var lives = 0
    var outcomes: [Outcome: Int] = [:]
    var waitingMax = 0
    var breaches: [String] = []

    /// Outcomes that never occurred.
    var missing: [Outcome] { Outcome.allCases.filter { outcomes[$0, default: 0] == 0 } }

    var text: String {
      let kinds = Outcome.allCases.map { "  \($0.rawValue): \(outcomes[$0, default: 0])" }.joined(separator: "\n")
      return """
        \(lives) lives in \(episodes) episodes, seeds \(first) to \(first + UInt64(episodes) - 1)
        \(kinds)
        most bytes that waited for one client: \(waitingMax)
        \(passed) passed, \(episodes - passed) failed
        """
    }
  }

  /// Breaches after which it is clear that something is wrong.
  static let breachesMax = 10

  /// Runs episodes until the number of clients is reached, but at least one.
  static func play(from seed: UInt64, lives: Int) -> Report {
    var report = Report(first: seed)
    repeat {
      let number = seed + UInt64(report.episodes)
      report.episodes += 1
      do {
        let episode = try Episode(seed: number)
        do throws(Breach) {
          try episode.run()
          report.passed += 1
        } catch {
          report.breaches.append("seed \(number): \(error)\n\(episode.happenings.text)\nseed \(number): \(error)")
        }
        report.lives += episode.lives
        report.outcomes.merge(episode.outcomes, uniquingKeysWith: +)
        report.waitingMax = max(report.waitingMax, episode.waitingMax)
      } catch {
        report.breaches.append("seed \(number): \(error)")
      }
    } while report.lives < lives && report.breaches.count < breachesMax
    return report
  }
}
