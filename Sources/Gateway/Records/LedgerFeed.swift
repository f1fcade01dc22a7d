internal import Ledger

/// The entries for the ledger that are not handed to its thread yet.
///
/// When the disk cannot keep up, detail goes before money: first calls get no open row, then the rows of those that end
/// are given up, and only their sums are kept.
final class LedgerFeed {
  /// Entries that wait, above which calls get no open row.
  static let detailMax = 16_384
  /// Entries that wait, above which calls that end get no row.
  static let waitingMax = 32_768
  /// Callers, providers, and models whose sums are kept apart while rows are given up. Beyond it, models have one together.
  static let sumsMax = 4096

  /// The error of a call while nothing can be written.
  static var unavailable: APIError {
    APIError(
      503, .ledgerUnavailable,
      "The gateway cannot write down what calls use, so it makes none. GET /v1/status has the reason. Retry later.",
      retryAfter: 5)
  }

  private var pending: [LedgerEntry] = []
  private var sums: [LedgerKey: LedgerSums] = [:]
  /// The calls with an open row whose own row was given up.
  private var summedCalls: [UInt64] = []
  /// When the last of them ended, in microseconds since 1970.
  private var summedAt: Int64 = 0
  private var number: UInt64 = 0
  /// Calls without an open row, and without a row, since the start.
  private(set) var openRowsGivenUp = 0
  private(set) var rowsGivenUp = 0
  /// Why nothing can be written; `nil` if it can.
  var failure: LedgerError?

  /// Whether it can be written, as a word.
  var state: String { failure.map { $0.mayPass ? "failing" : "failed" } ?? "ok" }

  /// Entries that wait.
  var waiting: Int { pending.count + (sums.isEmpty ? 0 : 1) }

  /// Returns the item of an admitted call.
  ///
  /// - Parameter wallClock: Nanoseconds since 1970.
  func begin(_ record: RequestRecord, pool: String?, at wallClock: UInt64) -> LedgerItem {
    number &+= 1
    return LedgerItem(Self.call(record, number: number, pool: pool, began: Self.microseconds(wallClock)))
  }

  private static func call(
    _ record: RequestRecord, number: UInt64, pool: String? = nil, began: Int64, isAdmitted: Bool = true
  ) -> LedgerCall {
    LedgerCall(
      number: number, request: record.id, began: began, callerID: record.caller.id?.bits,
      caller: record.caller.name,
      team: record.caller.key?.team, pool: pool, endpoint: record.path, model: record.model, isAdmitted: isAdmitted)
  }

  /// An attempt begins.
  func begin(_ attempt: LedgerAttempt, of item: LedgerItem) {
    item.attempts += 1
    item.attempt = attempt
    guard pending.count < Self.detailMax else { return openRowsGivenUp += 1 }
    item.isOpen = true
    pending.append(.opened(item.call, attempt))
  }

  /// The running attempt ended, and used that much. `isLast` says whether its call is over.
  func end(of item: LedgerItem, _ usage: LedgerUsage?, isLast: Bool, at wallClock: UInt64) {
    guard let attempt = item.attempt.take() else { return }
    if isLast { return item.last = (attempt, usage) }
    let time = Self.microseconds(wallClock)
    if pending.count < Self.waitingMax {
      pending.append(.failed(item.call, attempt, usage, at: time))
    } else {
      add(LedgerSums(attempt, usage), LedgerKey(item.call, attempt), at: time)
    }
  }

  /// A call ended. One that was not admitted has no item.
  func conclude(_ record: RequestRecord, _ item: LedgerItem?, at wallClock: UInt64) {
    let time = Self.microseconds(wallClock)
    let total = Self.microseconds(record.total)
    let call = item?.call ?? Self.call(record, number: 0, began: time - total, isAdmitted: false)
    let end = LedgerEnd(
      time: time, outcome: record.outcome.rawValue, status: record.status, attempts: item?.attempts ?? 0,
      attempt: item?.last?.attempt, usage: item?.last?.usage, firstByte: record.firstByte.map(Self.microseconds),
      total: total)
    if pending.count < Self.waitingMax { return pending.append(.ended(call, end)) }
    rowsGivenUp += 1
    add(LedgerSums(call, end), LedgerKey(call, end.attempt), at: time)
    if item?.isOpen == true { summedCalls.append(call.number) }
  }

  /// A caller reports tokens of a pool that it used elsewhere.
  func report(_ tokens: UInt64, in pool: String, _ record: RequestRecord, at wallClock: UInt64) {
    let time = Self.microseconds(wallClock)
    let call = Self.call(record, number: 0, pool: pool, began: time, isAdmitted: false)
    var usage = LedgerUsage(.caller)
    usage.input = Int(clamping: tokens)
    usage.cost = 0
    let end = LedgerEnd(
      time: time, outcome: "reported", status: record.status, attempts: 0, attempt: nil, usage: usage,
      firstByte: nil,
      total: 0)
    if pending.count < Self.waitingMax { return pending.append(.ended(call, end)) }
    rowsGivenUp += 1
    add(LedgerSums(call, end), LedgerKey(call, nil), at: time)
  }

  /// The costs begin again at 0.
  func resetCosts() {
    moveSums()
    pending.append(.costsReset)
  }

  private func add(_ more: LedgerSums, _ key: LedgerKey, at time: Int64) {
    var key = key
    if sums.count >= Self.sumsMax, sums[key] == nil, !key.model.isEmpty { key.model = LedgerKey.otherModels }
    sums[key, default: LedgerSums()].add(more)
    summedAt = time
  }

  private func moveSums() {
    if sums.isEmpty { return }
    pending.append(.summed(sums, ended: summedCalls, at: summedAt))
    (sums, summedCalls) = ([:], [])
  }

  /// Hands over what waits. `post` returns whether it was taken; if not, it waits on.
  func flush(_ post: ([LedgerEntry]) -> Bool) {
    if !pending.isEmpty {
      guard post(pending) else { return }
      pending = []
    }
    moveSums()
    if !pending.isEmpty, post(pending) { pending = [] }
  }

  private static func microseconds(_ wallClock: UInt64) -> Int64 { Int64(clamping: wallClock / 1000) }

  private static func microseconds(_ time: Duration) -> Int64 {
    let (seconds, attoseconds) = time.components
    return seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000
  }
}

extension LedgerUsage {
  /// The usage of an attempt at a model with these prices.
  init(_ usage: Usage, prices: [TokenPrices]) {
    self.init(usage.source == .reported ? .reported : .estimated)
    let tokens = usage.breakdown
    input = tokens.input
    cacheRead = tokens.cacheRead
    cacheWrite = tokens.cacheWrite
    cacheWriteLong = tokens.cacheWriteLong
    output = tokens.output
    reasoning = tokens.reasoning
    audioIn = tokens.audioIn
    audioOut = tokens.audioOut
    guard let pico = prices.cost(tokens) else { return }
    cost = MicroUSD(picoUSD: pico).value
    charge = MicroUSD(picoUSDRoundedUp: pico).value
  }
}
