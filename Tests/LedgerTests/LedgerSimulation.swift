import Foundation
import Testing

@testable import Ledger

/// Random calls, failures, batches that are lost, crashes, and restarts, against sums by another way of counting.
@Suite struct LedgerSimulation {
  /// Lives of a run; `HOOSH_SIM_LIVES` sets another number.
  private static let lives = ProcessInfo.processInfo.environment["HOOSH_SIM_LIVES"].flatMap { UInt64($0) } ?? 6
  private static let steps = 400

  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }

  private struct Life {
    let folder: Folder
    var random: Generator
    var file: LedgerFile
    var name = "ledger.db"
    var restarts = 0
    var now = newYear
    var number: UInt64 = 0
    var running: [UInt64: (call: LedgerCall, attempt: LedgerAttempt)] = [:]
    var batch: [LedgerEntry] = []
    /// The sums of what is in the batch, and of what is written, by caller and by provider.
    var pending: [LedgerKey: LedgerSums] = [:]
    var written: [LedgerKey: LedgerSums] = [:]
    /// The calls that are open in the file, with the attempt that it knows.
    var open: [UInt64: (call: LedgerCall, attempt: LedgerAttempt)] = [:]
    var ended: Set<UInt64> = []

    init(seed: UInt64) throws {
      folder = try Folder()
      random = Generator(state: seed)
      file = try openLedger(folder.path(), at: now)
    }

    mutating func attempt(_ number: Int) -> LedgerAttempt {
      anAttempt(
        number, provider: "up\(Int.random(in: 0..<3, using: &random))",
        model: "m\(Int.random(in: 0..<4, using: &random))", promptMax: .random(in: 0..<2000, using: &random),
        costMax: Bool.random(using: &random) ? nil : .random(in: 0..<5000, using: &random))
    }

    mutating func usage() -> LedgerUsage? {
      guard Int.random(in: 0..<5, using: &random) > 0 else { return nil }
      var used = LedgerUsage(.reported)
      used.input = .random(in: 0..<1000, using: &random)
      used.reasoning = .random(in: 0..<100, using: &random)
      used.cost = Bool.random(using: &random) ? nil : .random(in: 0..<5000, using: &random)
      used.charge = used.cost.map { $0 + 1 } ?? 0
      return used
    }

    mutating func count(_ key: LedgerKey, _ sums: LedgerSums) { pending[key, default: LedgerSums()].add(sums) }

    mutating func step() throws {
      now += .random(in: 0...120_000_000, using: &random)
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<7:
        number += 1
        let call = aCall(number, caller: ["ci", "dev", "anyone"].randomElement(using: &random)!, began: now)
        let first = attempt(1)
        running[number] = (call, first)
        batch.append(.opened(call, first))
      case 7..<10:
        guard let (number, (call, failed)) = running.randomElement(using: &random) else { return }
        let used = usage()
        batch.append(.failed(call, failed, used, at: now))
        count(LedgerKey(call, failed), LedgerSums(failed, used))
        let next = attempt(failed.number + 1)
        running[number] = (call, next)
        batch.append(.opened(call, next))
      case 10..<15:
        guard let (number, (call, last)) = running.randomElement(using: &random) else { return }
        running[number] = nil
        let end = anEnd(last, usage(), at: now)
        batch.append(.ended(call, end))
        count(LedgerKey(call, last), LedgerSums(call, end))
      case 15:
        let rejected = aCall(0, began: now, isAdmitted: false)
        let end = anEnd(nil, nil, at: now, outcome: "rejected")
        batch.append(.ended(rejected, end))
        count(LedgerKey(rejected, nil), LedgerSums(rejected, end))
      case 16..<19: try commit()
      default: if Int.random(in: 0..<8, using: &random) == 0 { try crash() }
      }
    }

    mutating func commit() throws {
      try file.write(batch)
      for entry in batch {
        switch entry {
        case .opened(let call, let attempt): open[call.number] = (call, attempt)
        case .ended(let call, _): open[call.number] = nil
        case .failed, .summed, .costsReset: break
        }
      }
      for (key, sums) in pending { written[key, default: LedgerSums()].add(sums) }
      (batch, pending) = ([], [:])
    }

    /// The process is killed: what was not committed is lost, and what was open is charged at its hold.
    mutating func crash() throws {
      restarts += 1
      let next = "ledger-\(restarts).db"
      try folder.copy(name, to: next)
      name = next
      file = try openLedger(folder.path(name), at: now)
      for (_, (call, attempt)) in open {
        var held = LedgerUsage(.held)
        (held.input, held.output) = (attempt.promptMax, attempt.outputMax)
        (held.cost, held.charge) = (attempt.costMax, attempt.costMax ?? 0)
        held.limitTokens = attempt.expected
        written[LedgerKey(call, attempt), default: LedgerSums()].add(
          LedgerSums(call, anEnd(attempt, held, at: now)))
      }
      (batch, pending, running, open, number) = ([], [:], [:], [:], 0)
    }

    func judge() throws {
      var found: [LedgerKey: LedgerSums] = [:]
      try Database(folder.path(name), .read).forEachUsed(.ever, now: now) { found[$0.key] = $0.sums }
      #expect(found == written)
      var replayed: [LedgerKey: LedgerSums] = [:]
      try Database(folder.path(name), .read).forEachUsed(.since(0), now: now) {
        replayed[$0.key, default: LedgerSums()].add($0.sums)
      }
      #expect(replayed == written)
      let check = try LedgerCheck(file.database)
      #expect(check.problems == [] && check.open == Int64(open.count))
    }
  }

  @Test(arguments: 0..<lives)
  func `the sums are those of everything that was committed, whatever happened`(seed: UInt64) throws {
    var life = try Life(seed: seed)
    for step in 0..<Self.steps {
      try life.step()
      if step % 50 == 49 { try life.judge() }
    }
    try life.commit()
    try life.crash()
    try life.judge()
    #expect(life.open.isEmpty && life.restarts > 0)
  }
}
