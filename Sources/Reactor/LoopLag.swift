internal import CLinux

/// How long something that is ready has to wait for the loop: the time from waking up to going to sleep again.
///
/// What the loop did not do itself but stood in the scheduler's queue for is taken out of `own`: on a shared
/// machine it says more of the neighbours than of the loop. It is known from the thread's own processor time
/// and, when the two differ by enough to ask, from the kernel's count of the thread's waiting. Time in which the
/// loop slept of its own accord, in a call that blocks, stays in.
struct LoopLag: ~Copyable {
  /// A difference, in nanoseconds, that is worth asking the kernel about.
  private static let askAbove: UInt64 = 200_000
  /// Nanoseconds after which the kernel's count is read anew.
  private static let countAge: UInt64 = 100_000_000

  /// Nanoseconds, the scheduler's share taken out.
  private(set) var own = Histogram()
  /// Nanoseconds as they passed.
  private(set) var all = Histogram()

  private let schedstat: Descriptor?
  private var wokeAt: UInt64?
  private var processorAtSleep: UInt64 = 0
  private var queued: UInt64 = 0
  private var queuedReadAt: UInt64 = 0

  init() {
    schedstat = try? Descriptor(
      owning: unsafe linux_open_for_reading("/proc/thread-self/schedstat"), from: "open schedstat")
    queued = schedstat.withBorrowed { linux_read_run_delay($0.raw) } ?? 0
    queuedReadAt = linux_monotonic_nanoseconds()
  }

  /// The loop woke up.
  mutating func awake() { wokeAt = linux_monotonic_nanoseconds() }

  /// The loop is about to sleep; returns for how long it was awake, in nanoseconds.
  mutating func asleep() -> UInt64 {
    let now = linux_monotonic_nanoseconds()
    let processor = linux_thread_nanoseconds()
    defer { processorAtSleep = processor }
    guard let woke = wokeAt else { return 0 }
    let passed = now &- woke
    let worked = processor &- processorAtSleep
    let idle = passed > worked ? passed - worked : 0
    var waited: UInt64 = 0
    if idle > Self.askAbove || now &- queuedReadAt > Self.countAge {
      let before = queued
      queued = schedstat.withBorrowed { linux_read_run_delay($0.raw) } ?? 0
      queuedReadAt = now
      if idle > Self.askAbove { waited = min(idle, queued &- before) }
    }
    all.record(passed)
    own.record(passed - waited)
    return passed - waited
  }
}
