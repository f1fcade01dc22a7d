import Reactor
import Support
import Testing

@testable import Gateway

/// Keys, limits, budgets, and costs, as callers meet them.
@Suite struct BudgetTests {
  private static let keys = """
    [[keys]]
    name = "ci"
    key = "sk-ci"
    team = "build"
    models = ["m", "llama*"]

    [[keys]]
    name = "boss"
    key = "sk-boss"
    rights = ["admin"]


    """

  private static func get(_ path: String, key: String? = nil) -> [UInt8] {
    let field = key.map { "authorization: Bearer \($0)\r\n" } ?? ""
    return Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(field)\r\n".utf8)
  }

  private static func chat(_ more: String = "", key: String? = nil, stream: Bool = false) -> [UInt8] {
    World.chat(
      #"{"model":"m","stream":\#(stream),"messages":[{"role":"user","content":"hi"}]\#(more)}"#,
      fields: key.map { ["authorization: Bearer \($0)"] } ?? [])
  }

  private static func answer(_: SeenRequest) -> [Script.Step] {
    Script.Step.json(
      #"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#
    )
  }

  // MARK: Rights

  @Test func `a key does what its rights allow`() throws {
    let world = try World(toml: Self.keys, [Self.answer])
    #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200)
    for (path, status) in [
      ("/v1/models", 200), ("/v1/keys/me", 200), ("/v1/costs", 403), ("/v1/events/recent", 403),
    ] {
      #expect(try world.exchange(Self.get(path, key: "sk-ci")).status == status, "\(path)")
      #expect(try world.exchange(Self.get(path, key: "sk-boss")).status == 200, "\(path)")
      #expect(try world.exchange(Self.get(path)).status == 401, "\(path)")
    }
    let refused = try world.exchange(World.post("/v1/costs/reset", "", fields: ["authorization: Bearer sk-ci"]))
    #expect(refused.status == 403)
    #expect(refused.text.contains(#""code":"permission_denied""#))
    #expect(refused.field("x-should-retry") == "false")
  }

  @Test(arguments: [("critical", 403), ("high", 403), ("normal", 200), ("background", 200)])
  func `a key goes before others only with the right to do everything`(priority: String, status: Int) throws {
    let world = try World(toml: Self.keys, [Self.answer])
    for (key, expected) in [("sk-ci", status), ("sk-boss", 200)] {
      let request = World.chat(fields: ["authorization: Bearer \(key)", "x-priority: \(priority)"])
      #expect(try world.exchange(request).status == expected)
    }
  }

  @Test func `a key sees and uses its own models only`() throws {
    let toml = Self.keys + "[[aliases]]\nname = \"secret-model\"\nmodel = \"m\"\n"
    let world = try World(toml: toml, [Self.answer])
    let refused = try world.exchange(
      World.chat(
        #"{"model":"secret-model","messages":[{"role":"user","content":"hi"}]}"#,
        fields: ["authorization: Bearer sk-ci"]))
    #expect(refused.status == 403)
    #expect(refused.text.contains("may not use the model"))
    #expect(world.seenCount == 0)
    #expect(try !world.exchange(Self.get("/v1/models", key: "sk-ci")).text.contains("secret-model"))
    #expect(try world.exchange(Self.get("/v1/models", key: "sk-boss")).text.contains("secret-model"))
    #expect(try world.exchange(Self.get("/v1/models/secret-model", key: "sk-ci")).status == 404)
  }

  @Test func `a reload that takes a provider from a key takes effect with the next request`() throws {
    let world = try World(toml: Self.keys, [Self.answer])
    #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200)
    var configuration = world.gateway.settings.configuration
    configuration.auth.keys[0].providers = ["another"]
    #expect(world.gateway.apply(configuration) == nil)
    let refused = try world.exchange(Self.chat(key: "sk-ci"))
    #expect(refused.status == 403)
    #expect(refused.text.contains("may not use any provider"))
    let counted = try world.exchange(
      World.post(
        "/v1/messages/count_tokens", #"{"model":"secret","messages":[{"role":"user","content":"hi"}]}"#,
        fields: ["x-api-key: sk-ci"]))
    #expect(counted.status == 403)
    #expect(try !world.exchange(Self.get("/v1/models", key: "sk-ci")).text.contains("\"id\":\"m\""))
    #expect(world.seen().filter { $0.method == "POST" }.count == 1)
  }

  @Test func `a key that may use the second provider only is served by it`() throws {
    let toml = Self.keys.replacing("team = \"build\"", with: "providers = [\"up1\"]")
    let world = try World(toml: toml, [Self.answer, Self.answer])
    #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200)
    #expect(world.seen(0).isEmpty)
    #expect(world.seen(1).count == 1)
  }

  // MARK: Limits

  @Test func `beyond its requests per minute a caller gets 429 in its dialect, and another caller is served`()
    throws
  {
    let world = try World(
      toml: Self.keys + "[[limits]]\nnames = [\"ci\"]\nrequests_per_minute = 2\n", [Self.answer])
    for _ in 0..<2 { #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200) }
    let refused = try world.exchange(Self.chat(key: "sk-ci"))
    #expect(refused.status == 429)
    #expect(refused.text.contains(#""code":"rate_limit_exceeded""#))
    let wait = try #require(refused.field("retry-after").flatMap { Int($0) })
    #expect((55...61).contains(wait))
    let messages = try world.exchange(
      World.post(
        "/v1/messages", #"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}"#,
        fields: ["x-api-key: sk-ci"]))
    #expect(messages.status == 429)
    #expect(messages.text.contains(#""type":"rate_limit_error""#))
    #expect(try world.exchange(Self.chat(key: "sk-boss")).status == 200)
    #expect(world.seenCount == 3)
  }

  @Test func `responses say what is left of the caller's tightest limits, in the fields of its dialect`() throws {
    let limits = """
      [[limits]]
      requests_per_minute = 5
      tokens_per_day = 100000
      [[limits]]
      per = "everyone"
      requests_per_minute = 3
      """
    let world = try World(toml: Self.keys + limits + "\n", [Self.answer])
    let first = try world.exchange(Self.chat(key: "sk-ci"))
    #expect(first.field("x-ratelimit-limit-requests") == "3")
    #expect(first.field("x-ratelimit-remaining-requests") == "2")
    #expect(["60s", "61s"].contains(first.field("x-ratelimit-reset-requests")))
    #expect(first.field("x-ratelimit-remaining-tokens") == "100000")
    let messages = try world.exchange(
      World.post(
        "/v1/messages", #"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}"#,
        fields: ["x-api-key: sk-ci"]))
    #expect(messages.field("anthropic-ratelimit-requests-remaining") == "1")
    #expect(messages.field("anthropic-ratelimit-tokens-limit") == "100000")
    #expect(messages.field("anthropic-ratelimit-tokens-remaining") == "99990")
    #expect(messages.field("anthropic-ratelimit-requests-reset")?.hasSuffix("Z") == true)
    #expect(messages.field("x-ratelimit-limit-requests") == nil)
    #expect(
      try world.exchange(Self.chat(key: "sk-ci", stream: true)).field("x-ratelimit-remaining-requests") == "0")
    let free = try World(toml: "", [Self.answer])
    #expect(try free.exchange(Self.chat()).field("x-ratelimit-limit-requests") == nil)
  }

  @Test func `a provider beyond its rate limit leaves its requests to the next one`() throws {
    let world = try World(
      toml: "", providers: "type = \"OpenAiCompatible\"\nmodels = [\"m\"]\nrate_limit_rpm = 1",
      [Self.answer, Self.answer])
    for _ in 0..<2 { #expect(try world.exchange(Self.chat()).status == 200) }
    #expect(world.seen(0).count == 1)
    #expect(world.seen(1).count == 1)
    let refused = try world.exchange(Self.chat())
    #expect(refused.status == 429)
    #expect(refused.text.contains("1 requests per minute"))
    #expect(world.seenCount == 2)
  }

  @Test func `requests at a time end with their answers, and when their callers leave`() throws {
    let world = try World(
      toml: "[[limits]]\nper = \"everyone\"\nmax_concurrent = 2\n", [{ _ in [.streamHead, .text("hi"), .hang] }])
    let running = (0..<2).map { _ in world.connect() }
    for client in running { client.send(Self.chat(stream: true)) }
    #expect(world.run { running.allSatisfy { $0.text.contains("hi") } })
    #expect(try world.exchange(Self.chat(stream: true)).status == 429)
    running[0].leave()
    #expect(world.run { world.gateway.connections.open.filter { $0.exchange != nil }.count == 1 })
    let next = world.connect()
    next.send(Self.chat(stream: true))
    #expect(world.run { next.text.contains("hi") })
  }

  // MARK: Budgets

  @Test func `a budget that suffices for ten requests admits ten of 500 concurrent ones`() throws {
    let body = Self.chat(#","max_tokens":100"#, stream: true)
    let size = try #require(body.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
    let need = body.count - size + 100
    let world = try World(
      toml: "[[budgets]]\nname = \"all\"\nper = \"everyone\"\ncapacity = \(need * 10 + need / 2)\n",
      [{ _ in [.streamHead, .text("hi"), .hang] }])
    let clients = (0..<500).map { _ in world.connect() }
    for client in clients { client.send(body) }
    #expect(world.run(upTo: .seconds(20)) { clients.allSatisfy { $0.text.contains("\r\n\r\n") } })
    #expect(clients.filter { $0.text.hasPrefix("HTTP/1.1 200") }.count == 10)
    let refused = try #require(clients.first { $0.text.hasPrefix("HTTP/1.1 429") })
    #expect(refused.text.contains(#""code":"budget_exceeded""#))
    #expect(refused.text.contains("x-should-retry: false"))
    // Streams that are cancelled have used what they have used, and give the rest back.
    for client in clients { client.leave() }
    #expect(world.run { world.gateway.connections.count == 0 })
    let row = try #require(world.gateway.admission.table.rows.first)
    #expect(row.allowance.held == 0)
    #expect(row.allowance.used > 0 && row.allowance.used < UInt64(10 * need))
  }

  @Test(arguments: [false, true])
  func `what a request used is counted, streaming or not`(stream: Bool) throws {
    let events: [Script.Step] = [
      .streamHead, .text("hi"), .text("", finish: #""stop""#),
      .event(
        #"{"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#
      ),
      .event("[DONE]"),
    ]
    let world = try World(
      toml: Self.keys + "[[budgets]]\nname = \"team\"\nper = \"team\"\ncapacity = 10000\n",
      [{ seen in stream ? events : Self.answer(seen) }])
    let answer = try world.exchange(Self.chat(#","max_tokens":50"#, key: "sk-ci", stream: stream))
    #expect(answer.status == 200)
    let own = try world.exchange(Self.get("/v1/keys/me", key: "sk-ci")).text
    #expect(
      own.contains(#""budget":"team","per":"team","unit":"tokens","period":"run","limit":10000,"used":10,"held":0"#)
    )
    #expect(own.contains(#""spend":{"requests":1,"input_tokens":7,"output_tokens":3"#))
  }

  @Test func `the pool that a request names is charged, and its name does not reach the provider`() throws {
    let world = try World(
      toml: "[[budgets]]\nname = \"default\"\ncapacity = 100000\n[[budgets]]\nname = \"test\"\ncapacity = 500\n",
      [Self.answer])
    #expect(try world.exchange(Self.chat(#","max_tokens":20,"pool":"test""#)).status == 200)
    let body = String(decoding: try #require(world.seen().first).body, as: UTF8.self)
    #expect(!body.contains("pool"))
    #expect(body.contains("max_tokens"))
    let pools = try world.exchange(Self.get("/v1/tokens/pools")).text
    #expect(pools.contains(#"{"name":"test","capacity":500,"used":10,"reserved":0,"available":490}"#))
    #expect(try world.exchange(Self.chat(#","max_tokens":5000,"pool":"test""#)).status == 429)
    #expect(try world.exchange(Self.chat(#","pool":"none""#)).status == 400)
    #expect(try world.exchange(Self.chat(#","pool":7"#)).status == 400)
  }

  @Test func `tokens are checked, reserved, and reported`() throws {
    let world = try World(toml: "[[budgets]]\nname = \"p\"\ncapacity = 100\n", [Self.answer])
    func ask(_ path: String, _ body: String) throws -> (status: Int, text: String) {
      let answer = try world.exchange(World.post("/v1/tokens/" + path, body))
      return (answer.status, answer.text)
    }
    #expect(try ask("check", #"{"pool":"p","tokens":100}"#).text == "{\"allowed\":true,\"available\":100}\n")
    #expect(try ask("check", #"{"pool":"p","tokens":101}"#).text == "{\"allowed\":false,\"available\":100}\n")
    #expect(try ask("reserve", #"{"pool":"p","tokens":70}"#).text.hasPrefix(#"{"reserved":true,"available":30"#))
    #expect(try ask("reserve", #"{"pool":"p","tokens":70}"#).text.hasPrefix(#"{"reserved":false,"available":30"#))
    #expect(
      try ask("report", #"{"pool":"p","reserved":70,"actual":20}"#).text == "{\"used\":20,\"available\":80}\n")
    #expect(try ask("check", #"{"pool":"none","tokens":1}"#).status == 404)
    for wrong in [
      #"{"pool":"p"}"#, #"{"pool":"p","tokens":-1}"#, #"{"pool":"p","tokens":1e3}"#, #"{"pool":"p","tokens":"1"}"#,
      "[", "",
    ] {
      #expect(try ask("check", wrong).status == 400, "\(wrong)")
    }
    #expect(try ask("report", #"{"pool":"p","reserved":9223372036854775807,"actual":1}"#).status == 400)
  }

  // MARK: Costs

  @Test func `costs are counted by provider, model, and caller, stand in the response, and can be reset`() throws {
    let toml =
      Self.keys
      + "[[models]]\nname = \"m\"\nprovider = \"up0\"\ninput_usd_per_million = 3\noutput_usd_per_million = 15\n"
    let world = try World(toml: toml, [Self.answer])
    let answer = try world.exchange(Self.chat(key: "sk-ci"))
    #expect(answer.field("x-cost-micro-usd") == "66")
    let costs = try world.exchange(Self.get("/v1/costs", key: "sk-boss")).text
    for part in [
      #""provider":"up0""#, #""total_input_tokens":7"#, #""total_output_tokens":3"#, #""request_count":1"#,
      #""total_cost_micro_usd":66"#, #""total_cost_usd":0.000066"#, #""callers":[{"name":"ci""#,
      #""models":[{"name":"m""#,
    ] { #expect(costs.contains(part), "\(part) in \(costs)") }
    let estimate = try world.exchange(
      World.post(
        "/v1/cost/estimate", #"{"model":"m","input_tokens":1000000,"output_tokens":1000}"#,
        fields: ["authorization: Bearer sk-ci"]))
    #expect(estimate.text.contains(#""estimated_cost_micro_usd":3015000,"estimated_cost_usd":3.015000"#))
    let reset = World.post("/v1/costs/reset", "", fields: ["authorization: Bearer sk-boss"])
    #expect(try world.exchange(reset).text == "{\"status\":\"ok\"}\n")
    #expect(try world.exchange(Self.get("/v1/costs", key: "sk-boss")).text.hasPrefix(#"{"records":[],"#))
    #expect(try world.exchange(Self.get("/v1/costs/reset", key: "sk-boss")).status == 405)
  }

  @Test func `an unknown price is unknown, and not 0`() throws {
    let world = try World(toml: "", [Self.answer])
    #expect(try world.exchange(Self.chat()).field("x-cost-micro-usd") == "unknown")
    let costs = try world.exchange(Self.get("/v1/costs")).text
    #expect(costs.contains(#""unknown_price_requests":1"#))
    #expect(costs.contains(#""total_cost_micro_usd":0"#))
  }

  @Test func `a failed request costs nothing, and one whose stream was cut what it had used`() throws {
    let world = try World(
      toml: "[[budgets]]\nname = \"all\"\nper = \"everyone\"\ncapacity = 100000\n",
      [
        { seen in
          String(decoding: seen.body, as: UTF8.self).contains("fail")
            ? Script.Step.json(#"{"error":{"message":"no"}}"#, status: 500)
            : [.streamHead, .text("twelve bytes"), .fail(.truncated)]
        }
      ])
    #expect(try world.exchange(Self.chat(#","user":"fail""#)).status >= 500)
    #expect(world.gateway.admission.table.rows[0].allowance.used == 0)
    let client = world.connect()
    client.send(Self.chat(stream: true))
    #expect(world.run { client.hasEnded })
    let allowance = world.gateway.admission.table.rows[0].allowance
    #expect(allowance.held == 0)
    #expect(allowance.used >= 3 && allowance.used < 50)
  }

  @Test func `a reload changes limits, and leaves every counter as it is`() throws {
    let toml = { (limit: Int) in Self.keys + "[[limits]]\nper = \"key\"\nrequests_per_minute = \(limit)\n" }
    let world = try World(toml: toml(2), [Self.answer])
    for _ in 0..<2 { #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200) }
    #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 429)
    var configuration = world.gateway.settings.configuration
    configuration.limits[0].requests[.minute] = 3
    configuration.auth.keys.reverse()
    #expect(world.gateway.apply(configuration) == nil)
    #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 200)
    #expect(try world.exchange(Self.chat(key: "sk-ci")).status == 429)
  }
}
