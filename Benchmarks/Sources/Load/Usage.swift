/// What a process used: nanoseconds on a CPU, those of its first thread and those of all others.
struct Usage {
  var loop: UInt64 = 0
  var others: UInt64 = 0

  var all: UInt64 { loop + others }

  static func - (after: Usage, before: Usage) -> Usage {
    // A thread that ended in between took its time with it.
    Usage(
      loop: after.loop - before.loop,
      others: after.others > before.others ? after.others - before.others : 0)
  }
}
