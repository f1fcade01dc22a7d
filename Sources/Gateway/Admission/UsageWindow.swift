/// The sum of what was counted during the last period.
///
/// The period is counted in 60 slots, which leave one after the other, each once its last instant is a period ago. So no
/// period, wherever it begins, has more than the sum said.
struct UsageWindow: Equatable, Sendable {
  private static let slotCount = 60
  /// The length of a slot in nanoseconds.
  private let slotTime: Int64
  /// A ring of the newest slot and the 60 before it.
  private var slots = [UInt64](repeating: 0, count: slotCount + 1)
  /// The number of the newest slot, counted from time 0.
  private var newest: Int64 = 0
  /// The number of the newest slot in which something was counted.
  private var newestUsed: Int64 = 0
  /// When the newest slot ends.
  private(set) var slotEnd: Int64
  private(set) var sum: UInt64 = 0

  /// A window of a period in nanoseconds, at least 60.
  init(period: Int64) {
    slotTime = max(1, period / Int64(Self.slotCount))
    slotEnd = slotTime
  }

  /// Lets the slots leave that are older than the period at a time in nanoseconds.
  mutating func advance(to now: Int64) {
    if now < slotEnd { return }
    let slot = now / slotTime
    if slot - newest > Int64(Self.slotCount) {
      for index in slots.indices { slots[index] = 0 }
      sum = 0
    } else {
      for number in newest + 1...slot {
        let index = Self.index(number)
        sum.remove(slots[index])
        slots[index] = 0
      }
    }
    newest = slot
    let (end, overflow) = (slot + 1).multipliedReportingOverflow(by: slotTime)
    slotEnd = overflow ? .max : end
  }

  /// Counts an amount now.
  mutating func add(_ amount: UInt64, at now: Int64) {
    advance(to: now)
    slots[Self.index(newest)].add(amount)
    newestUsed = newest
    sum.add(amount)
  }

  /// Returns the time until the sum is at most `amount`, in nanoseconds.
  func wait(untilAtMost amount: UInt64, at now: Int64) -> Int64 {
    if sum <= amount { return 0 }
    if amount == 0 { return wait(untilLeft: newestUsed, at: now) }
    var rest = sum
    var number = newest - Int64(Self.slotCount)
    while rest > amount, number <= newest {
      if number >= 0 { rest.remove(slots[Self.index(number)]) }
      number += 1
    }
    return wait(untilLeft: number - 1, at: now)
  }

  /// Returns the time until a slot leaves.
  private func wait(untilLeft slot: Int64, at now: Int64) -> Int64 {
    max(0, (slot + Int64(Self.slotCount) + 1) * slotTime - now)
  }

  private static func index(_ number: Int64) -> Int { Int(number % 61) }

  static func == (left: UsageWindow, right: UsageWindow) -> Bool {
    left.slotTime == right.slotTime && left.newest == right.newest && left.sum == right.sum
  }
}
