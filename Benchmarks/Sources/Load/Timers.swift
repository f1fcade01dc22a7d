/// A queue of deadlines, earliest first: a binary heap.
struct Timers {
  struct Entry {
    var time: UInt64
    var slot: Int32
    var generation: UInt32
  }

  private var heap: [Entry] = []

  init() { heap.reserveCapacity(1 << 14) }

  var first: UInt64? { heap.isEmpty ? nil : heap[0].time }

  mutating func add(_ entry: Entry) {
    heap.append(entry)
    var place = heap.count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      guard entry.time < heap[parent].time else { break }
      heap[place] = heap[parent]
      place = parent
    }
    heap[place] = entry
  }

  /// Removes and returns the earliest entry, if it is due.
  mutating func take(until now: UInt64) -> Entry? {
    guard !heap.isEmpty, heap[0].time <= now else { return nil }
    let first = heap[0]
    let moved = heap.removeLast()
    guard !heap.isEmpty else { return first }
    var place = 0
    while true {
      var child = place * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].time < heap[child].time { child += 1 }
      guard heap[child].time < moved.time else { break }
      heap[place] = heap[child]
      place = child
    }
    heap[place] = moved
    return first
  }
}
