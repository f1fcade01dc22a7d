/// The CPU time of a process in nanoseconds: of its first thread, and of all others.
struct Usage {
  var loop: UInt64 = 0
  var others: UInt64 = 0

  var all: UInt64 { loop + others }

  static func - (after: Usage, before: Usage) -> Usage {
    // The time of a thread that has ended meanwhile is lost.
    Usage(
      loop: after.loop - before.loop,
      others: after.others > before.others ? after.others - before.others : 0)
  }
}
