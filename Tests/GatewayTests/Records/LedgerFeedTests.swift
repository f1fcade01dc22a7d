import Ledger
import Testing

@testable import Gateway

/// The entries that wait for the ledger's thread.
@Suite struct LedgerFeedTests {
  private static func record(_ model: String = "m", _ outcome: RequestRecord.Outcome = .completed) -> RequestRecord
  {
    var record = RequestRecord()
    record.isCall = true
    record.model = model
    record.outcome = outcome
    return record
  }

  private static func attempt(_ model: String = "m") -> LedgerAttempt {
    LedgerAttempt(provider: "p", model: model, number: 1, promptMax: 9, outputMax: 9, expected: 9, costMax: 5)
  }

  private static let usage = Usage(prompt: 7, completion: 3, source: .reported)
  private static let prices = [TokenPrices(input: 3_000_000, output: 15_000_000)]

  private static func call(_ feed: LedgerFeed, _ model: String = "m") {
    let item = feed.begin(record(model), pool: nil, at: 1)
    feed.begin(attempt(model), of: item)
    feed.end(of: item, LedgerUsage(usage, prices: prices), isLast: true, at: 2)
    feed.conclude(record(model), item, at: 3)
  }

  private static func take(_ feed: LedgerFeed) -> [LedgerEntry] {
    var taken: [LedgerEntry] = []
    feed.flush {
      taken += $0
      return true
    }
    return taken
  }

  @Test func `a call has an entry at its attempt and one at its end`() {
    let feed = LedgerFeed()
    #expect(Self.take(feed).isEmpty)
    Self.call(feed)
    let entries = Self.take(feed)
    #expect(entries.count == 2 && feed.waiting == 0)
    guard case .opened(let call, let attempt) = entries[0], case .ended(let same, let end) = entries[1] else {
      Issue.record("\(entries)")
      return
    }
    #expect(call === same && call.number == 1 && attempt == end.attempt)
    #expect(end.usage?.cost == 66 && end.usage?.charge == 66 && end.usage?.input == 7)
  }

  @Test func `entries that are not taken wait, in order`() {
    let feed = LedgerFeed()
    Self.call(feed)
    feed.flush { _ in false }
    Self.call(feed)
    #expect(feed.waiting == 4)
    let numbers = Self.take(feed).map { (entry: LedgerEntry) -> UInt64 in
      switch entry {
      case .opened(let call, _), .ended(let call, _), .failed(let call, _, _, _): call.number
      case .summed, .costsReset: 0
      }
    }
    #expect(numbers == [1, 1, 2, 2])
  }

  @Test func `a disk that cannot keep up costs open rows first, then rows, and never money`() throws {
    let feed = LedgerFeed()
    let count = LedgerFeed.waitingMax + 5000
    for number in 0..<count { Self.call(feed, "model-\(number % 5000)") }
    #expect(feed.waiting <= LedgerFeed.waitingMax + 1)
    #expect(feed.openRowsGivenUp > 0 && feed.rowsGivenUp > 0)
    var total = LedgerSums()
    var keys = 0
    for entry in Self.take(feed) {
      switch entry {
      case .opened, .costsReset: break
      case .failed(_, let attempt, let usage, _): total.add(LedgerSums(attempt, usage))
      case .ended(let call, let end): total.add(LedgerSums(call, end))
      case .summed(let sums, let ended, _):
        keys = sums.count
        for (_, sums) in sums { total.add(sums) }
        // None of them has an open row.
        #expect(ended.isEmpty)
      }
    }
    #expect(keys == LedgerFeed.sumsMax + 1)
    #expect(total[.requests] == Int64(count) && total[.cost] == Int64(count) * 66)
    #expect(feed.waiting == 0)
  }

  @Test func `a call with an open row whose row is given up is named`() {
    let feed = LedgerFeed()
    let item = feed.begin(Self.record(), pool: nil, at: 1)
    feed.begin(Self.attempt(), of: item)
    for _ in 0..<LedgerFeed.waitingMax { Self.call(feed) }
    feed.end(of: item, nil, isLast: true, at: 2)
    feed.conclude(Self.record(), item, at: 3)
    let ended = Self.take(feed).compactMap { entry in
      if case .summed(_, let ended, _) = entry { ended } else { nil }
    }
    #expect(ended == [[1]])
  }

  @Test func `an unknown price is no cost, and a small one is charged`() {
    let unknown = LedgerUsage(Self.usage, prices: [])
    #expect(unknown.cost == nil && unknown.charge == 0)
    let small = LedgerUsage(
      Usage(prompt: 1, completion: 0, source: .estimated), prices: [TokenPrices(input: 1000, output: 0)])
    #expect(small.cost == 0 && small.charge == 1 && small.source == .estimated)
  }
}
