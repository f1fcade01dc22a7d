internal import CLinux

/// Measures how long a ready descriptor waits for the loop: the time from waking up to going to sleep again.
///
/// `own` excludes the time that the thread spent in the scheduler's run queue, which on a shared machine depends on
/// other processes. That time is the difference between wall-clock time and the thread's CPU time. If the difference
/// is large enough, the kernel's run-delay counter confirms it. Time spent blocked in a system call counts as the
/// loop's own.
struct LoopLag: ~Copyable {
  /// The difference, in nanoseconds, above which the kernel's run-delay counter is read.
  private static let askAbove: UInt64 = 200_000
  /// The age, in nanoseconds, above which the kernel's run-delay counter is read again.
  private static let countAge: UInt64 = 100_000_000

  /// Lag without the scheduler's share, in nanoseconds.
  private(set) var own = Histogram()
  /// Lag as measured, in nanoseconds.
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

  /// Records that the loop woke up.
  mutating func awake() { wokeAt = linux_monotonic_nanoseconds() }

  /// Records that the loop is about to sleep. Returns how long it was awake, in nanoseconds, without the scheduler's
  /// share.
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
