import Foundation
import Ledger
import Reactor
import Support
import Testing

@testable import Gateway

/// The rows that a gateway writes, and what the next one knows of them.
@Suite struct LedgerRelayTests {
  private static let keys = """
    [[keys]]
    name = "ci"
    key = "sk-ci"
    team = "build"

    [[keys]]
    name = "boss"
    key = "sk-boss"
    rights = ["admin"]


    """

  private static func chat(_ more: String = "", key: String? = nil, stream: Bool = false) -> [UInt8] {
    World.chat(
      #"{"model":"m","stream":\#(stream),"max_tokens":50,"messages":[{"role":"user","content":"hi"}]\#(more)}"#,
      fields: key.map { ["authorization: Bearer \($0)"] } ?? [])
  }

  private static func get(_ path: String, key: String? = nil) -> [UInt8] {
    let field = key.map { "authorization: Bearer \($0)\r\n" } ?? ""
    return Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(field)\r\n".utf8)
  }

  private static func answer(_: SeenRequest) -> [Script.Step] {
    Script.Step.json(
      #"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#
    )
  }

  /// A gateway with a ledger in a folder.
  private static func world(_ folder: URL, toml: String = "", _ plays: [World.Play] = [answer]) throws -> World {
    let world = try World(toml: toml, plays)
    let ledger = try Ledger(
      folder.appending(path: "ledger.db").path, now: Int64(Date().timeIntervalSince1970 * 1e6))
    try world.gateway.keepLedger(ledger)
    return world
  }

  /// Ends a gateway as a drain does, so that its ledger is written.
  private static func stop(_ world: World) {
    world.gateway.stop()
    world.gateway.stop()
    world.settle()
  }

  private static func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hoosh-relay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private static func report(_ folder: URL, by dimension: LedgerReport.Dimension = .key) throws -> LedgerReport {
    try LedgerReport(folder.appending(path: "ledger.db").path, by: dimension)
  }

  private static let price = """
    [[models]]
    name = "m"
    input_usd_per_million = 3
    output_usd_per_million = 15


    """

  // MARK: Rows

  @Test func `each call leaves one row, and other requests none`() throws {
    try Self.withFolder { folder in
      let world = try Self.world(folder, toml: Self.keys + Self.price)
      #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200)
      #expect(try world.exchange(Self.chat(key: "sk-boss")).status == 200)
      #expect(try world.exchange(Self.chat(key: "sk-none")).status == 401)
      #expect(try world.exchange(Self.get("/v1/models", key: "sk-ci")).status == 200)
      Self.stop(world)
      let report = try Self.report(folder)
      #expect(report.lines.map(\.name) == ["boss", "ci"])
      for line in report.lines {
        #expect(line.sums[.requests] == 1 && line.sums[.admitted] == 1 && line.sums[.attempts] == 1)
        #expect(line.sums.promptTokens == 7 && line.sums.completionTokens == 3)
        #expect(line.sums[.cost] == 66)
      }
      #expect(try Self.report(folder, by: .provider).lines.map(\.name) == ["up0"])
      let check = try LedgerCheck(folder.appending(path: "ledger.db").path)
      #expect(check.problems == [] && check.requests == 2 && check.open == 0)
    }
  }

  @Test func `a failover has its failed attempt at its own provider`() throws {
    try Self.withFolder { folder in
      let world = try Self.world(folder, [{ _ in Script.Step.json(#"{"error":{}}"#, status: 500) }, Self.answer])
      #expect(try world.exchange(Self.chat()).status == 200)
      Self.stop(world)
      let report = try Self.report(folder, by: .provider)
      #expect(report.lines.map(\.name) == ["up0", "up1"])
      #expect(report.lines.map { $0.sums[.attempts] } == [1, 1])
      #expect(report.lines.map { $0.sums[.requests] } == [0, 1])
      #expect(report.lines.map { $0.sums[.used] } == [0, 1])
      #expect(try LedgerCheck(folder.appending(path: "ledger.db").path).problems == [])
    }
  }

  @Test func `a call that no limit admits leaves a row that counts as no request of its caller`() throws {
    try Self.withFolder { folder in
      let toml = Self.keys + "[[limits]]\nper = \"key\"\nrequests_per_day = 1\n\n"
      let world = try Self.world(folder, toml: toml)
      #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200)
      #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 429)
      Self.stop(world)
      let sums = try Self.report(folder).total
      #expect(sums[.requests] == 2 && sums[.admitted] == 1 && sums[.attempts] == 1)
    }
  }

  @Test func `a call is open in the file while its provider answers`() throws {
    try Self.withFolder { folder in
      let path = folder.appending(path: "ledger.db").path
      let world = try Self.world(
        folder, toml: Self.price, [{ _ in [.streamHead, .text("a"), .wait(.seconds(600)), .done] }])
      let client = world.connect()
      client.send(Self.chat(stream: true))
      #expect(world.run { !client.responses().isEmpty })
      #expect(world.run { (try? LedgerCheck(path).open) == 1 })
      client.leave()
      #expect(world.run { (try? LedgerCheck(path).open) == 0 })
      let report = try Self.report(folder)
      #expect(report.total[.requests] == 1 && report.total[.used] == 1)
    }
  }

  // MARK: The next process

  @Test func `budgets, limits, and costs are those of the process before`() throws {
    try Self.withFolder { folder in
      let toml =
        Self.keys + Self.price + """
          [[limits]]
          per = "key"
          requests_per_day = 3
          tokens_per_day = 1000

          [[budgets]]
          name = "team-money"
          per = "team"
          usd = 1

          [[budgets]]
          name = "default"
          capacity = 500

          [[budgets]]
          name = "day"
          per = "everyone"
          capacity = 10000
          period = "day"


          """
      var world = try Self.world(folder, toml: toml)
      for _ in 0..<2 { #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200) }
      #expect(
        try world.exchange(
          World.post(
            "/v1/tokens/report", #"{"reserved":0,"actual":100}"#, fields: ["authorization: Bearer sk-boss"])
        ).status == 200)
      let paths = ["/v1/keys/me", "/v1/costs", "/v1/tokens/pools"]
      func states() throws -> [String] {
        try [body("sk-ci", "/v1/keys/me")] + paths.map { try body("sk-boss", $0) }
      }
      // The time until a window is empty differs.
      func body(_ key: String, _ path: String) throws -> String {
        String(decoding: try world.exchange(Self.get(path, key: key)).body, as: UTF8.self)
          .replacing(/"reset_in_secs":[0-9]+/, with: "")
      }
      let before = try states()
      #expect(before[2].contains(#""total_cost_micro_usd":132"#))
      Self.stop(world)
      world = try Self.world(folder, toml: toml)
      #expect(try states() == before)
      #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200)
      #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 429)
      #expect(try world.exchange(Self.chat(key: "sk-boss")).status == 200)
    }
  }

  @Test func `a limit of a provider counts what was sent to it before`() throws {
    try Self.withFolder { folder in
      let toml = "[[limits]]\nper = \"provider\"\nrequests_per_hour = 2\n\n"
      var world = try Self.world(folder, toml: toml)
      #expect(try world.exchange(Self.chat()).status == 200)
      Self.stop(world)
      world = try Self.world(folder, toml: toml)
      #expect(try world.exchange(Self.chat()).status == 200)
      #expect(try world.exchange(Self.chat()).status == 429)
    }
  }

  @Test func `costs stay reset`() throws {
    try Self.withFolder { folder in
      var world = try Self.world(folder, toml: Self.price)
      #expect(try world.exchange(Self.chat()).status == 200)
      #expect(try world.exchange(World.post("/v1/costs/reset", "")).status == 200)
      Self.stop(world)
      world = try Self.world(folder, toml: Self.price)
      #expect(try world.exchange(Self.get("/v1/costs")).text.contains(#""total_requests":0"#))
    }
  }

  // MARK: Trouble

  @Test func `calls are rejected while nothing can be written, and go on afterwards`() throws {
    try Self.withFolder { folder in
      let world = try Self.world(folder, toml: Self.price)
      let feed = try #require(world.gateway.recorder.ledger)
      feed.failure = .full
      let refused = try world.exchange(Self.chat())
      #expect(refused.status == 503 && refused.text.contains("ledger_unavailable"))
      #expect(try world.exchange(Self.get("/readyz")).status == 503)
      #expect(try world.exchange(Self.get("/healthz")).status == 200)
      #expect(try world.exchange(Self.get("/v1/status")).text.contains(#""ledger":{"state":"failing""#))
      #expect(world.seenCount == 0)
      feed.failure = nil
      #expect(try world.exchange(Self.chat()).status == 200)
      #expect(try world.exchange(Self.get("/readyz")).status == 200)
      Self.stop(world)
      #expect(try Self.report(folder).total[.requests] == 2)
    }
  }
}
