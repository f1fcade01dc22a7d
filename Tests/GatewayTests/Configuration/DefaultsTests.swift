import Foundation
import Reactor
import Testing

@testable import Gateway

/// The defaults of the table of keys, which are the only ones.
@Suite struct DefaultsTests {
  static let routing = Configuration.defaults.routing

  @Test func `an empty file has the defaults`() throws {
    #expect(try read("") == Configuration.defaults)
    #expect(Timeouts.default == Configuration.defaults.server.timeouts)
  }

  @Test func `settings without a configuration are those of an empty file`() {
    let breaker = Breaker.Settings()
    #expect(breaker.failuresMax == Self.routing.breaker.consecutiveFailuresMax)
    #expect(breaker.failuresPercent == Self.routing.breaker.failureRatePercent)
    #expect(breaker.openTime == Self.routing.breaker.openTime)
    let checks = HealthChecks.Settings()
    #expect(checks.interval == Self.routing.health.interval && checks.deadline == Self.routing.health.timeout)
    #expect(checks.failuresMax == Self.routing.health.unhealthyThreshold)
    #expect(checks.successesMin == Self.routing.health.healthyThreshold)
    #expect(RequestQueue.Settings().capacity == Self.routing.queue.capacity)
    #expect(Backoff(deadline: .zero) == Configuration.defaults.backoff(deadline: .zero))
  }

  @Test func `the reactor's own defaults are those of an empty file`() throws {
    let options = Reactor.Options()
    #expect(options.outputHighWater == Configuration.defaults.server.outputHighWater)
    #expect(options.dnsTTL == Configuration.defaults.server.dnsCache)
    let request = UpstreamRequest(.get, "http://a.test")
    #expect(request.connectTimeout == Timeouts.default.connect)
    #expect(request.idleMax == Configuration.idleTimeout(.openAiCompatible))
  }

  @Test func `a provider without a file has the defaults of one with a file`() throws {
    let found = try #require(Configuration.discovered(found: [.ollama], environment: [:]).providers.first)
    var read = try #require(try read("[[providers]]\ntype = \"Ollama\"").providers.first)
    #expect(read.priority == 10)
    read.priority = found.priority
    #expect(found == read)
  }

  @Test(arguments: ["README.md", "SECURITY.md", "docs/routing.md", "docs/wire.md"])
  func `a document that gives the default of a key gives the right one`(document: String) throws {
    let text = try String(contentsOf: ConfigurationDocumentTests.root.appending(path: document), encoding: .utf8)
    for match in text.matches(of: /`([a-z_.]+)` \(([0-9.]+)\)/) {
      let name = String(match.1)
      guard let key = ConfigurationKeys.byPath[name] ?? ConfigurationKeys.byPath["server." + name] else { continue }
      #expect(key.defaultValue == match.2, "\(name)")
    }
  }
}
