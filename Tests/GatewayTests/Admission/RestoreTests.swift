import Foundation
import Testing

@testable import Gateway
@testable import Ledger

/// Random use of every kind of allowance, restarts that restore it from a ledger's file, and a gateway that never restarts.
@Suite struct RestoreTests {
  /// Lives of a run; `HOOSH_SIM_LIVES` sets another number.
  private static let lives = ProcessInfo.processInfo.environment["HOOSH_SIM_LIVES"].flatMap { UInt64($0) } ?? 8

  private static let rules: [AllowanceRule] = {
    var rules: [AllowanceRule] = []
    let periods: [AllowancePeriod] = [.endless, .minute, .hour, .day, .calendar(CalendarPeriod(.day, in: .utc))]
    for per in AllowanceRule.Per.allCases where per != .pool {
      for (index, period) in periods.enumerated() {
        // What is used for ever is used up first.
        let scale = period == .endless ? 40 : UInt64(index + 1)
        rules.append(AllowanceRule(per: per, unit: .requests, limit: 60 * scale, period: period))
        rules.append(
          AllowanceRule(
            name: "\(per)-tokens-\(index)", per: per, unit: .tokens, limit: 60_000 * scale, period: period))
        rules.append(
          AllowanceRule(
            name: "\(per)-money-\(index)", per: per, unit: .microUSD, limit: 80_000 * scale, period: period,
            unknownPrice: AllowanceRule.UnknownPrice(perMillion: 2_500_000)))
      }
      rules.append(AllowanceRule(per: per, unit: .tokens, limit: 30_000, period: .hour))
    }
    return rules
  }()

  private struct Life {
    var random: SplitMix
    var now = Instant(monotonic: 5_000_000_000_000, wall: 1_767_225_600_000_000_000)
    let folder = FileManager.default.temporaryDirectory.appending(path: "hoosh-restore-\(UUID().uuidString)")
    var admission = Admission(RestoreTests.rules)
    /// The time on the clock of a machine that is never started again.
    var other: Instant { Instant(monotonic: now.monotonic + offset, wall: now.wall) }
    private var offset: Int64 = 0
    /// Has counted the same from the beginning.
    let truth = Admission(RestoreTests.rules)
    let feed = LedgerFeed()
    var file: LedgerFile
    var admitted = 0
    var rejected = 0
    /// Attempts whose price is unknown, each of which is restored as up to one millionth more.
    var unpriced: UInt64 = 0
    let callers =
      [Caller.anonymous]
      + (0..<3).map { n in
        Caller(APIKey(CallerID(bits: n + 1), name: "k\(n)", team: n < 2 ? "t" : nil))
      }
    static let prices: [[TokenPrices]] = [[.free], [TokenPrices(input: 3_000_000, output: 15_000_100)], []]

    var path: String { folder.appending(path: "ledger.db").path }

    init(seed: UInt64) throws {
      random = SplitMix(state: seed)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let path = folder.appending(path: "ledger.db").path
      try LedgerFile.prepare(path)
      file = try LedgerFile(path, isNewRun: true)
    }

    mutating func step() throws {
      let pause: Int64 = [0, 1_000_000, 1_000_000_000, 20_000_000_000, 600_000_000_000].randomElement(
        using: &random)!
      let passed = Int64.random(in: 0...pause, using: &random)
      (now.monotonic, now.wall) = (now.monotonic + passed, now.wall + passed)
      try call()
    }

    mutating func call() throws {
      let caller = callers.randomElement(using: &random)!
      let price = Int.random(in: 0..<3, using: &random)
      let provider = "up\(Int.random(in: 0..<2, using: &random))"
      func target(_ admission: Admission) -> Admission.Target {
        admission.target(ProviderID(name: provider), provider, "m\(price)", prices: Self.prices[price])
      }
      let worst = Admission.WorstCase(prompt: 2000, output: 500, expected: 900)
      let entry: Admission.Entry
      do { entry = try admission.enter(caller, model: "m\(price)", pool: nil, at: now) } catch {
        return rejected += 1
      }
      var record = RequestRecord()
      (record.isCall, record.caller, record.id) = (true, caller, "r")
      let item = feed.begin(record, pool: nil, at: UInt64(now.wall))
      // The one that never restarts has never more in use, and admits whatever the other one does.
      let entered = try truth.enter(caller, model: "m\(price)", pool: nil, at: other)
      defer {
        admission.leave(entry)
        truth.leave(entered)
        feed.conclude(record, item, at: UInt64(now.wall))
      }
      let hold: Admission.Hold
      do { hold = try admission.hold(entry, target(admission), worst, at: now) } catch { return rejected += 1 }
      admitted += 1
      let same = try truth.hold(entered, target(truth), worst, at: other)
      feed.begin(
        LedgerAttempt(
          provider: provider, model: "m\(price)", number: 1, promptMax: worst.prompt, outputMax: worst.output,
          expected: worst.expected, costMax: hold.target.costMax(worst)), of: item)
      var usage: Usage?
      if Int.random(in: 0..<6, using: &random) > 0 {
        usage = Usage(
          prompt: .random(in: 0...2000, using: &random), completion: .random(in: 0...500, using: &random),
          source: .reported)
      }
      if usage != nil, price == 2 { unpriced += 1 }
      admission.settle(hold, usage, usage.flatMap { hold.cost(of: $0) }, at: now)
      truth.settle(same, usage, usage.flatMap { same.cost(of: $0) }, at: other)
      feed.end(
        of: item, usage.map { LedgerUsage($0, prices: hold.target.prices) }, isLast: Bool.random(using: &random),
        at: UInt64(now.wall))
    }

    mutating func restart() throws {
      var entries: [LedgerEntry] = []
      feed.flush {
        entries += $0
        return true
      }
      try file.write(entries)
      #expect(try LedgerCheck(file.database).problems == [])
      // The machine may have been started again, and its clock with it.
      if Bool.random(using: &random) {
        let before = now.monotonic
        now.monotonic = .random(in: 0...3_600_000_000_000, using: &random)
        offset += before - now.monotonic
      }
      admission = Admission(RestoreTests.rules)
      let database = try Database(path, .read)
      let wall = now.wall / 1000
      try admission.restore(at: now) { (past, visit) throws(LedgerError) in
        try database.forEachUsed(past, now: wall, visit)
      }
      #expect(admission.takeAlerts() == [])
    }

    /// Compares what both have in use.
    func judge() {
      for caller in callers {
        let found = admission.states(of: caller, at: now)
        let expected = truth.states(of: caller, at: other)
        #expect(found.map(\.budget) == expected.map(\.budget))
        for (found, expected) in zip(found, expected) {
          let rounding = found.unit == .microUSD ? unpriced : 0
          #expect(found.used >= expected.used, "\(found) \(expected)")
          if found.period == "run" || found.period == "day" && !found.budget.isEmpty && found.budget.hasSuffix("4")
          {
            #expect(found.used <= expected.used + rounding, "\(found) \(expected)")
          }
          // A limit of tokens holds what is expected, and may be exceeded by the difference.
          if !found.budget.isEmpty || found.unit == .requests { #expect(expected.used <= expected.limit) }
        }
      }
      #expect(admission.spending.all == truth.spending.all)
      for keyPath in [\Spending.providers, \.models, \.callers] {
        let (found, expected) = (admission.spending[keyPath: keyPath].used, truth.spending[keyPath: keyPath].used)
        #expect(found.map(\.name) == expected.map(\.name) && found.map(\.total) == expected.map(\.total))
      }
    }
  }

  @Test(arguments: 0..<lives)
  func `no restart gives anything back, and budgets and costs are exact after it`(seed: UInt64) throws {
    var life = try Life(seed: seed)
    defer { try? FileManager.default.removeItem(at: life.folder) }
    for _ in 0..<6 {
      for _ in 0..<120 { try life.step() }
      try life.restart()
      life.judge()
    }
    #expect(life.admitted > 50 && life.rejected > 0)
  }
}
