import Support
import Testing

@testable import Gateway

/// Limits and budgets hold under any order of what happens.
@Suite struct AdmissionTests {
  static let now = AllowanceTests.at(1000)
  static let free = [TokenPrices.free]

  static func caller(_ name: String, team: String? = nil) -> Caller {
    Caller(APIKey(CallerID(bits: UInt64(truncatingIfNeeded: name.hashValue)), name: name, team: team))
  }

  static func budget(
    _ name: String = "b", _ per: AllowanceRule.Per = .everyone, tokens: UInt64, _ period: AllowancePeriod = .endless
  ) -> AllowanceRule {
    AllowanceRule(name: name, per: per, unit: .tokens, limit: tokens, period: period)
  }

  static func usage(_ tokens: Int) -> Usage { Usage(prompt: tokens, completion: 0, source: .reported) }

  private static func code(_ body: () throws -> Void) -> APIError.Code? {
    do { try body() } catch let error as APIError { return error.code } catch let error as Admission.Rejection {
      return error.apiError.code
    } catch { return nil }
    return nil
  }

  @Test func `a worst case is held in every allowance or in none`() throws {
    let admission = Admission([
      Self.budget("all", tokens: 100), Self.budget("ci", .key, tokens: 1000),
      Self.budget("up", .provider, tokens: 1000),
    ])
    let entry = try admission.enter(Self.caller("ci"), model: "m", pool: nil, at: Self.now)
    let worst = Admission.WorstCase(prompt: 10, output: 50, expected: 20)
    let hold = try admission.hold(entry, target(admission), worst, at: Self.now)
    let held = admission.table.rows.map(\.allowance.held)
    #expect(held == [60, 60, 60])
    #expect(Self.code { _ = try admission.hold(entry, target(admission), worst, at: Self.now) } == .budgetExceeded)
    #expect(admission.table.rows.map(\.allowance.held) == held)
    admission.settle(hold, Self.usage(7), hold.cost(of: Self.usage(7)), at: Self.now)
    #expect(admission.table.rows.map(\.allowance.held) == [0, 0, 0])
    #expect(admission.table.rows.map(\.allowance.used) == [7, 7, 7])
  }

  @Test func `an attempt that used nothing costs nothing`() throws {
    let admission = Admission([Self.budget(tokens: 100)])
    let entry = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    let hold = try admission.hold(entry, target(admission), .init(prompt: 50, output: 50), at: Self.now)
    admission.settle(hold, nil, nil, at: Self.now)
    #expect(admission.table.rows[0].allowance.available == 100)
    #expect(admission.spending.all == Spending.Total())
  }

  @Test func `requests per minute count calls, whatever becomes of them, and say when the next one may come`()
    throws
  {
    let admission = Admission([AllowanceRule(per: .key, unit: .requests, limit: 2, period: .minute)])
    for _ in 0..<2 { _ = try admission.enter(Self.caller("a"), model: "m", pool: nil, at: Self.now) }
    do {
      _ = try admission.enter(Self.caller("a"), model: "m", pool: nil, at: Self.now)
      Issue.record("admitted")
    } catch {
      #expect(error.status == 429)
      #expect(error.code == .rateLimitExceeded)
      #expect(error.retryAfter == 61)
      #expect(error.message.contains("2 requests per minute"))
    }
    _ = try admission.enter(Self.caller("b"), model: "m", pool: nil, at: Self.now)
    _ = try admission.enter(Self.caller("a"), model: "m", pool: nil, at: AllowanceTests.at(1061))
  }

  @Test func `requests at a time are counted until each is over`() throws {
    let admission = Admission([AllowanceRule(per: .team, unit: .concurrent, limit: 2, period: .endless)])
    let first = try admission.enter(Self.caller("a", team: "t"), model: "m", pool: nil, at: Self.now)
    _ = try admission.enter(Self.caller("b", team: "t"), model: "m", pool: nil, at: Self.now)
    #expect(
      Self.code { _ = try admission.enter(Self.caller("b", team: "t"), model: "m", pool: nil, at: Self.now) }
        == .rateLimitExceeded)
    _ = try admission.enter(Self.caller("c", team: "other"), model: "m", pool: nil, at: Self.now)
    admission.leave(first)
    _ = try admission.enter(Self.caller("b", team: "t"), model: "m", pool: nil, at: Self.now)
  }

  @Test func `a limit of a provider or a model lets another candidate have the request`() throws {
    let admission = Admission([
      AllowanceRule(per: .provider, names: ["up"], unit: .requests, limit: 1, period: .minute),
      AllowanceRule(per: .model, names: ["big*"], unit: .tokens, limit: 10, period: .minute),
    ])
    let entry = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    _ = try admission.hold(entry, target(admission, "up"), .init(), at: Self.now)
    for full in [target(admission, "up"), target(admission, "other", "big-model")] {
      do {
        _ = try admission.hold(entry, full, .init(expected: 11), at: Self.now)
        Issue.record("held")
      } catch { #expect(error.isTarget) }
    }
    _ = try admission.hold(entry, target(admission, "other"), .init(expected: 11), at: Self.now)
  }

  @Test func `a budget of money holds the dearest case and is charged what was used`() throws {
    let prices = [TokenPrices(input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000)]
    let rule = AllowanceRule(name: "usd", per: .everyone, unit: .microUSD, limit: 1_000_000, period: .endless)
    let admission = Admission([rule])
    let entry = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    let hold = try admission.hold(
      entry, target(admission, prices: prices), .init(prompt: 1000, output: 1000), at: Self.now)
    #expect(admission.table.rows[0].allowance.held == 3750 + 15_000)
    let usage = Usage(prompt: 1000, completion: 10, source: .reported, cached: 900)
    admission.settle(hold, usage, hold.cost(of: usage), at: Self.now)
    #expect(admission.table.rows[0].allowance.used == 300 + 270 + 150)
    #expect(admission.spending.all.cost.value == 720)
  }

  @Test(arguments: [nil, UInt64(2_000_000)])
  func `a model without a known price is rejected by a budget of money, or has the stated price`(stated: UInt64?)
    throws
  {
    var rule = AllowanceRule(name: "usd", per: .everyone, unit: .microUSD, limit: 1_000_000, period: .endless)
    rule.unknownPrice = stated.map { AllowanceRule.UnknownPrice(perMillion: $0) }
    let admission = Admission([rule])
    let entry = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    do {
      let hold = try admission.hold(
        entry, target(admission, prices: []), .init(prompt: 5, output: 5), at: Self.now)
      #expect(stated != nil)
      admission.settle(hold, Self.usage(3), hold.cost(of: Self.usage(3)), at: Self.now)
      #expect(admission.table.rows[0].allowance.used == 6)
      #expect(admission.spending.all.unpricedRequests == 1)
      #expect(admission.spending.all.cost == .zero)
    } catch {
      #expect(stated == nil)
      #expect(error.apiError.isFinal)
      #expect(error.apiError.message.contains("is unknown"))
    }
  }

  @Test func `a request at a provider counts as it begins`() throws {
    let admission = Admission([AllowanceRule(per: .provider, unit: .requests, limit: 1, period: .minute)])
    let entry = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    let hold = try admission.hold(entry, target(admission), .init(), at: Self.now)
    let later = AllowanceTests.at(1100)
    admission.settle(hold, Self.usage(1), nil, at: later)
    _ = try admission.hold(entry, target(admission), .init(), at: later)
    #expect(
      Self.code { _ = try admission.hold(entry, target(admission), .init(), at: later) } == .rateLimitExceeded)
  }

  @Test func `a candidate that is too dear for a budget leaves the request to a cheaper one`() throws {
    let rule = AllowanceRule(name: "usd", per: .everyone, unit: .microUSD, limit: 10, period: .endless)
    let admission = Admission([rule])
    let entry = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    for prices in [[TokenPrices(input: 1_000_000, output: 1_000_000)], []] {
      do {
        _ = try admission.hold(entry, target(admission, prices: prices), .init(prompt: 50), at: Self.now)
        Issue.record("held")
      } catch { #expect(error.isTarget) }
    }
    _ = try admission.hold(entry, target(admission, "local"), .init(prompt: 50), at: Self.now)
  }

  @Test func `many small requests cost a budget something`() throws {
    let rule = AllowanceRule(name: "usd", per: .everyone, unit: .microUSD, limit: 10, period: .endless)
    let admission = Admission([rule])
    let entry = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    let small = target(admission, prices: [TokenPrices(input: 20_000, output: 0)])
    for _ in 0..<5 {
      let hold = try admission.hold(entry, small, .init(prompt: 10), at: Self.now)
      admission.settle(hold, Self.usage(3), hold.cost(of: Self.usage(3)), at: Self.now)
    }
    #expect(admission.table.rows[0].allowance.used == 5)
  }

  @Test func `of two limits of the same thing, the smaller one holds, and a request counts once`() throws {
    let configuration = try read(
      """
      [[providers]]
      type = "Ollama"
      rate_limit_rpm = 60
      [[limits]]
      per = "provider"
      names = ["ollama"]
      requests_per_minute = 100
      """)
    #expect(configuration.allowanceRules.map(\.limit) == [60])
  }

  @Test(arguments: [
    (#""max_completion_tokens":1000,"max_tokens":1"#, 1000), (#""max_tokens":1,"n_predict":1000"#, 1000),
    (#""max_tokens":10,"n":3"#, 30), (#""n":1"#, 500), (#""n_predict":-1"#, 500),
  ])
  func `the worst case of an answer is the largest that any provider could make of the request`(
    members: String, output: Int
  ) throws {
    let body = Array(#"{"model":"m","messages":[{"role":"user","content":"hi"}],\#(members)}"#.utf8)
    let call = try Call.read(body.span, for: CallEndpoint(.openAI))
    let worst = Admission.WorstCase(
      of: call, at: target(Admission()), bodyBytes: body.count, limit: nil, outputDefault: 500)
    #expect(worst.output == output)
    #expect(worst.prompt == body.count)
  }

  @Test func `answers that are generated and not sent count as well`() throws {
    let text = Array(#"{"model":"m","prompt":["a","b"],"max_tokens":10,"n":1,"best_of":5}"#.utf8)
    let completion = try Call.read(text.span, for: CallEndpoint(.openAI, .completions))
    #expect(completion.generatedCount == 10)
    let gemini = Array(#"{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"candidateCount":4}}"#.utf8)
    let call = try Call.read(
      gemini.span, for: CallEndpoint(.gemini, model: Slice(start: 0, count: 1)), model: "m")
    #expect(call.generatedCount == 4)
  }

  @Test func `a caller's own models and providers are all it may use`() throws {
    let key = APIKey(CallerID(bits: 1), name: "k", models: [ModelPattern("llama*")], providers: ["up"])
    let admission = Admission()
    #expect(
      Self.code { _ = try admission.enter(Caller(key), model: "gpt-4o", pool: nil, at: Self.now) }
        == .permissionDenied)
    let entry = try admission.enter(Caller(key), model: "llama3.2", pool: nil, at: Self.now)
    _ = try admission.hold(entry, target(admission, "up"), .init(), at: Self.now)
    #expect(
      Self.code { _ = try admission.hold(entry, target(admission, "other"), .init(), at: Self.now) }
        == .permissionDenied)
  }

  @Test func `a reload keeps what was used and held under a rule that stays, and forgets a rule that goes`() throws
  {
    let (kept, gone) = (Self.budget("kept", tokens: 100), Self.budget("gone", .key, tokens: 100))
    let admission = Admission([kept, gone])
    let entry = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    let first = try admission.hold(entry, target(admission), .init(prompt: 40), at: Self.now)
    admission.settle(first, Self.usage(30), first.cost(of: Self.usage(30)), at: Self.now)
    let second = try admission.hold(entry, target(admission), .init(prompt: 20), at: Self.now)
    var larger = kept
    larger.limit = 60
    admission.replace([Self.budget("new", .key, tokens: 5), larger])
    let after = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    let states = admission.states(of: .anonymous, at: Self.now)
    #expect(states.map(\.budget) == ["new", "kept"])
    #expect(states.map(\.used) == [0, 30])
    #expect(states.map(\.held) == [0, 20])
    #expect(
      Self.code { _ = try admission.hold(after, target(admission), .init(prompt: 11), at: Self.now) }
        == .budgetExceeded)
    admission.settle(second, Self.usage(20), second.cost(of: Self.usage(20)), at: Self.now)
    #expect(admission.states(of: .anonymous, at: Self.now).map(\.used) == [0, 50])
    admission.replace([kept, gone])
    #expect(admission.states(of: .anonymous, at: Self.now).map(\.used) == [50, 0])
  }

  @Test func `a share of a budget is announced once in its period`() throws {
    var rule = Self.budget("b", tokens: 100, .minute)
    rule.thresholds = [800]
    let admission = Admission([rule])
    let entry = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    func use(_ tokens: Int, at now: Instant) throws -> [String] {
      let hold = try admission.hold(entry, target(admission), .init(prompt: tokens), at: now)
      admission.settle(hold, Self.usage(tokens), hold.cost(of: Self.usage(tokens)), at: now)
      return admission.takeAlerts().map(\.budget)
    }
    #expect(try use(79, at: Self.now) == [])
    #expect(try use(1, at: Self.now) == ["b"])
    #expect(try use(5, at: Self.now) == [])
    #expect(try use(1, at: AllowanceTests.at(2000)) == [])
    #expect(try use(90, at: AllowanceTests.at(2000)) == ["b"])
  }

  // MARK: Pools

  @Test func `a request uses the pool that it names, or the default one`() throws {
    let admission = Admission([Self.budget("default", .pool, tokens: 100), Self.budget("test", .pool, tokens: 10)])
    #expect(
      Self.code { _ = try admission.enter(.anonymous, model: "m", pool: "none", at: Self.now) } == .invalidValue)
    let test = try admission.enter(.anonymous, model: "m", pool: "test", at: Self.now)
    #expect(
      Self.code { _ = try admission.hold(test, target(admission), .init(prompt: 11), at: Self.now) }
        == .budgetExceeded)
    let other = try admission.enter(.anonymous, model: "m", pool: nil, at: Self.now)
    _ = try admission.hold(other, target(admission), .init(prompt: 11), at: Self.now)
    #expect(admission.poolStates(for: .anonymous, at: Self.now).map(\.reserved) == [11, 0])
  }

  @Test func `only the callers of a pool may name it`() throws {
    var rule = Self.budget("ours", .pool, tokens: 100)
    rule.names = ["team-*"]
    let admission = Admission([rule])
    _ = try admission.enter(Self.caller("team-a"), model: "m", pool: "ours", at: Self.now)
    #expect(
      Self.code { _ = try admission.enter(Self.caller("b"), model: "m", pool: "ours", at: Self.now) }
        == .permissionDenied)
    _ = try admission.enter(Self.caller("b"), model: "m", pool: nil, at: Self.now)
    #expect(admission.poolStates(for: Self.caller("b"), at: Self.now) == [])
  }

  @Test func `a reservation is replaced by what was used, is its caller's own, and expires`() throws {
    let admission = Admission([Self.budget("p", .pool, tokens: 100)])
    func available(_ now: Instant = Self.now) -> UInt64? {
      admission.poolState("p", for: .anonymous, at: now)?.available
    }
    #expect(try admission.reserve(60, in: "p", for: .anonymous, at: Self.now)?.isReserved == true)
    #expect(try admission.reserve(60, in: "p", for: .anonymous, at: Self.now)?.isReserved == false)
    #expect(admission.report(60, used: 0, in: "p", for: Self.caller("thief"), at: Self.now)?.available == 40)
    #expect(admission.report(20, used: 5, in: "p", for: .anonymous, at: Self.now)?.available == 55)
    #expect(available() == 55)
    let late = AllowanceTests.at(1000 + Reservations.timeMax / 1_000_000_000)
    #expect(available(late) == 95)
    #expect(admission.report(40, used: 0, in: "p", for: .anonymous, at: late)?.available == 95)
    #expect(try admission.reserve(1, in: "none", for: .anonymous, at: Self.now) == nil)
  }

  @Test func `reservations are limited in number`() throws {
    let admission = Admission([Self.budget("p", .pool, tokens: .max)])
    for _ in 0..<Reservations.countMax { _ = try admission.reserve(1, in: "p", for: .anonymous, at: Self.now) }
    #expect(
      Self.code { _ = try admission.reserve(1, in: "p", for: .anonymous, at: Self.now) } == .rateLimitExceeded)
  }
}

/// The target of attempts.
private func target(
  _ admission: Admission, _ provider: String = "up", _ model: String = "m",
  prices: [TokenPrices] = AdmissionTests.free
) -> Admission.Target {
  admission.target(ProviderID(name: provider), provider, model, prices: prices)
}
