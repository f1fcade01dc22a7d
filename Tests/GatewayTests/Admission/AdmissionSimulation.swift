import Foundation
import Support
import Testing

@testable import Gateway

/// Random calls, attempts, failures, reservations, reloads, and time, against laws that hold after every step.
@Suite struct AdmissionSimulation {
  /// The operations of one life.
  private static let steps = 1000
  /// Lives of a run; `tools/simulate` sets another number.
  private static let lives = ProcessInfo.processInfo.environment["HOOSH_SIM_LIVES"].flatMap { UInt64($0) } ?? 40

  private struct Life {
    let admission: Admission
    var random: SplitMix
    var now = Instant(monotonic: 1_000_000_000_000, wall: 1_700_000_000_000_000_000)
    var calls: [(entry: Admission.Entry, attempts: [(hold: Admission.Hold, worst: Admission.WorstCase)])] = []
    let callers: [Caller] =
      [.anonymous] + (0..<4).map { n in Caller(APIKey(CallerID(bits: n), name: "k\(n)", team: n < 2 ? "t" : nil)) }
    var hasReloaded = false
    /// The sums by another way of counting.
    var used = (requests: UInt64(0), tokens: UInt64(0), cost: UInt64(0))

    static let prices: [[TokenPrices]] = [
      [.free], [TokenPrices(input: 3_000_000, output: 15_000_000, cacheRead: 300_000)],
      [
        TokenPrices(input: 1_000_000, output: 2_000_000),
        TokenPrices(above: 300, input: 2_000_000, output: 4_000_000),
      ],
      [],
    ]

    private let reloads: Bool

    init(seed: UInt64) {
      random = SplitMix(state: seed)
      reloads = seed % 2 == 0
      admission = Admission(Self.rules(&random))
    }

    /// Some of the rules that there can be, with limits that are reached.
    static func rules(_ random: inout SplitMix) -> [AllowanceRule] {
      let periods: [AllowancePeriod] = [.endless, .minute, .hour, .calendar(CalendarPeriod(.day, in: .utc))]
      var rules: [AllowanceRule] = []
      for per in AllowanceRule.Per.allCases {
        for unit in [AllowanceRule.Unit.requests, .tokens, .concurrent]
        where per != .pool && Bool.random(using: &random) {
          rules.append(
            AllowanceRule(
              per: per, unit: unit, limit: .random(in: 1...(unit == .tokens ? 20_000 : 30), using: &random),
              period: unit == .concurrent ? .endless : periods[1]))
        }
        for unit in [AllowanceRule.Unit.tokens, .microUSD] where Bool.random(using: &random) {
          rules.append(
            AllowanceRule(
              name: per == .pool ? (unit == .tokens ? "default" : "money") : "\(per)-\(unit)", per: per, unit: unit,
              limit: .random(in: 0...100_000, using: &random), period: periods.randomElement(using: &random)!,
              unknownPrice: Bool.random(using: &random) ? AllowanceRule.UnknownPrice(perMillion: 5_000_000) : nil,
              thresholds: [500, 900]))
        }
      }
      return rules
    }

    mutating func step() {
      switch Int.random(in: 0..<12, using: &random) {
      case 0...2: enter()
      case 3...5: attempt()
      case 6, 7: settle()
      case 8: leave()
      case 9: reserve()
      case 10:
        now.monotonic += .random(in: 0...90_000_000_000, using: &random)
        // The wall clock may be set, also back.
        now.wall += .random(in: -10_000_000_000...90_000_000_000, using: &random)
      default:
        guard reloads, Int.random(in: 0..<20, using: &random) == 0 else { return }
        hasReloaded = true
        admission.replace(Self.rules(&random))
      }
    }

    private mutating func enter() {
      let pool = [nil, nil, "default", "money"].randomElement(using: &random)!
      let caller = callers.randomElement(using: &random)!
      guard let entry = try? admission.enter(caller, model: "m", pool: pool, at: now) else { return }
      calls.append((entry, []))
    }

    private mutating func attempt() {
      guard let call = calls.indices.randomElement(using: &random) else { return }
      let n = Int.random(in: 0..<Self.prices.count, using: &random)
      let target = admission.target(ProviderID(name: "p\(n)"), "p\(n)", "m\(n)", prices: Self.prices[n])
      let worst = Admission.WorstCase(
        prompt: .random(in: 0...800, using: &random), output: .random(in: 0...800, using: &random),
        expected: .random(in: 0...800, using: &random))
      // Reservations that have expired are given back by then.
      _ = admission.poolStates(for: .anonymous, at: now)
      let before = admission.table.rows.map(\.allowance.held)
      do {
        calls[call].attempts.append((try admission.hold(calls[call].entry, target, worst, at: now), worst))
      } catch {
        #expect(Array(admission.table.rows.map(\.allowance.held).prefix(before.count)) == before)
        #expect([429, 403].contains(error.apiError.status))
      }
    }

    private mutating func settle() {
      guard let call = calls.indices.filter({ !calls[$0].attempts.isEmpty }).randomElement(using: &random) else {
        return
      }
      let place = Int.random(in: calls[call].attempts.indices, using: &random)
      let (hold, worst) = calls[call].attempts.remove(at: place)
      if Int.random(in: 0..<4, using: &random) == 0 { return admission.settle(hold, nil, nil, at: now) }
      let usage = Usage(
        prompt: .random(in: 0...worst.prompt, using: &random),
        completion: .random(in: 0...worst.output, using: &random),
        source: .reported, cached: .random(in: 0...900, using: &random),
        thinking: .random(in: 0...900, using: &random))
      used.requests += 1
      used.tokens += UInt64(usage.total)
      used.cost += hold.cost(of: usage)?.value ?? 0
      admission.settle(hold, usage, hold.cost(of: usage), at: now)
    }

    private mutating func leave() {
      guard let call = calls.indices.randomElement(using: &random) else { return }
      let (entry, attempts) = calls.remove(at: call)
      for attempt in attempts { admission.settle(attempt.hold, nil, nil, at: now) }
      admission.leave(entry)
    }

    private mutating func reserve() {
      let (caller, pool) = (
        callers.randomElement(using: &random)!, ["default", "none"].randomElement(using: &random)!
      )
      let tokens = UInt64.random(in: 0...5000, using: &random)
      if Bool.random(using: &random) {
        _ = try? admission.reserve(tokens, in: pool, for: caller, at: now)
      } else {
        // What is reported may be more than was reserved, and is counted.
        _ = admission.report(tokens, used: 0, in: pool, for: caller, at: now)
      }
    }

    /// The laws.
    func check() {
      for row in admission.table.rows where row.rule != nil && row.unit != .requests {
        let allowance = row.allowance
        // A limit of tokens holds what is expected, so only budgets hold exactly.
        guard row.isBudget || row.unit == .concurrent else { continue }
        let (sum, overflow) = allowance.held.addingReportingOverflow(allowance.used)
        #expect(!overflow)
        // A reload may lower a limit below the used amount.
        if !hasReloaded { #expect(sum <= allowance.limit, "\(row.subject) \(row.unit)") }
      }
      let spending = admission.spending
      #expect(spending.all.requests == used.requests)
      #expect(spending.all.promptTokens + spending.all.completionTokens == used.tokens)
      #expect(spending.all.cost.value == used.cost)
      for table in [spending.providers, spending.models, spending.callers] {
        var sum = Spending.Total()
        for (_, total) in table.used {
          sum.requests += total.requests
          sum.promptTokens += total.promptTokens
          sum.completionTokens += total.completionTokens
          sum.cost.value += total.cost.value
          sum.unpricedRequests += total.unpricedRequests
        }
        #expect(sum == spending.all)
      }
    }

    /// Ends everything; nothing is held after it.
    mutating func end() {
      while !calls.isEmpty { leave() }
      now.monotonic += Reservations.timeMax
      _ = admission.poolStates(for: .anonymous, at: now)
      #expect(admission.reservations.count == 0)
      for row in admission.table.rows { #expect(row.allowance.held == 0, "\(row.subject) \(row.unit)") }
    }
  }

  @Test func `no budget is exceeded, the sums agree, and nothing stays held, whatever happens`() {
    for seed in 0..<Self.lives {
      var life = Life(seed: seed)
      for step in 0..<Self.steps {
        life.step()
        if step % 50 == 0 { life.check() }
      }
      life.check()
      life.end()
    }
  }
}
