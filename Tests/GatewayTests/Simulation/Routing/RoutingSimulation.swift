@testable import Gateway

/// The end of a request, the way of a prompt, or the result of a reload.
enum RoutingOutcome: String, CaseIterable {
  case answered, failed
  case notServed = "no provider has it"
  case changed = "not found, and something had changed"
  case notFound = "not found at a provider"
  case listed = "sent to a provider that lists it"
  case named = "sent to a provider that is named for it"
  case matched = "sent by a pattern"
  case unlisted = "sent to a provider without a list"
  case pinned = "sent by a pin"
  case failedOver = "failed over"
  case keptHere = "kept on this machine"
  case queued
  case relayed = "through the whole gateway"
  case reloaded, rejected, invalid, opened
}

/// Episodes of routing and reloads, one after the other.
enum RoutingSimulation {
  struct Report {
    var first: UInt64
    var episodes = 0
    var lives = 0
    var outcomes: [RoutingOutcome: Int] = [:]
    var breaches: [String] = []

    var missing: [RoutingOutcome] { RoutingOutcome.allCases.filter { outcomes[$0, default: 0] == 0 } }

    var text: String {
      let kinds = RoutingOutcome.allCases.map { "  \($0.rawValue): \(outcomes[$0, default: 0])" }
      return """
        \(lives) lives in \(episodes) episodes of routing, seeds \(first) to \(first + UInt64(episodes) - 1)
        \(kinds.joined(separator: "\n"))
        \(breaches.count) failed
        """
    }
  }

  /// Plays an episode again, and returns its configuration and what happened in it.
  private static func story(of seed: UInt64) -> String {
    guard let episode = try? RoutingEpisode(seed: seed, isTraced: true) else { return "" }
    try? episode.run()
    return episode.story
  }

  /// Plays episodes until the number of requests is reached, but at least one.
  static func play(from seed: UInt64, lives: Int) -> Report {
    var report = Report(first: seed)
    repeat {
      let number = seed + UInt64(report.episodes)
      report.episodes += 1
      do {
        let episode = try RoutingEpisode(seed: number)
        do throws(Breach) { try episode.run() } catch {
          report.breaches.append("seed \(number): \(error)\n\(story(of: number))\nseed \(number): \(error)")
        }
        report.lives += episode.lives
        report.outcomes.merge(episode.outcomes, uniquingKeysWith: +)
      } catch {
        report.breaches.append("seed \(number): \(error)")
      }
    } while report.lives < lives && report.breaches.count < Simulation.breachesMax
    return report
  }
}
