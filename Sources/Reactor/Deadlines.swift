/// A queue of deadlines, ordered by time.
///
/// A binary heap whose entries know their position: add, move, and remove cost O(log n), reading the next deadline
/// O(1). Times are on the clock of `Reactor.now`.
struct Deadlines<Owner> {
  typealias ID = Slots<Int>.ID

  private struct Entry {
    var time: Duration
    var id: ID
    var owner: Owner
  }

  private var heap: [Entry] = []
  private var positions: [Int] = []
  private var generations: [UInt32] = []
  private var free: [UInt32] = []

  var count: Int { heap.count }

  /// The earliest deadline, if any.
  var next: Duration? { heap.first?.time }

  /// Adds a deadline for an owner and returns its ID.
  mutating func add(_ time: Duration, _ owner: Owner) -> ID {
    let slot: UInt32
    if let reused = free.popLast() {
      slot = reused
    } else {
      slot = UInt32(positions.count)
      positions.append(-1)
      generations.append(1)
    }
    let id = ID(slot: slot, generation: generations[Int(slot)])
    heap.append(Entry(time: time, id: id, owner: owner))
    positions[Int(slot)] = heap.count - 1
    rise(heap.count - 1)
    return id
  }

  /// Moves a deadline. Returns false if it has passed or was removed.
  @discardableResult
  mutating func move(_ id: ID, to time: Duration) -> Bool {
    guard let position = position(of: id) else { return false }
    heap[position].time = time
    rise(position)
    sink(positions[Int(id.slot)])
    return true
  }

  /// Removes a deadline. Returns false if it has passed or was removed.
  @discardableResult
  mutating func remove(_ id: ID) -> Bool {
    guard let position = position(of: id) else { return false }
    removeEntry(at: position)
    return true
  }

  /// Removes and returns the earliest deadline that is not after `now`.
  mutating func takeDue(_ now: Duration) -> (id: ID, owner: Owner)? {
    guard let first = heap.first, first.time <= now else { return nil }
    removeEntry(at: 0)
    return (first.id, first.owner)
  }

  private func position(of id: ID) -> Int? {
    let slot = Int(id.slot)
    guard slot < positions.count, generations[slot] == id.generation, positions[slot] >= 0 else { return nil }
    return positions[slot]
  }

  private mutating func removeEntry(at position: Int) {
    let id = heap[position].id
    let last = heap.count - 1
    if position != last { exchange(position, last) }
    heap.removeLast()
    positions[Int(id.slot)] = -1
    generations[Int(id.slot)] &+= 1
    free.append(id.slot)
    if position < heap.count {
      let moved = heap[position].id
      rise(position)
      sink(positions[Int(moved.slot)])
    }
  }

  private mutating func exchange(_ a: Int, _ b: Int) {
    heap.swapAt(a, b)
    positions[Int(heap[a].id.slot)] = a
    positions[Int(heap[b].id.slot)] = b
  }

  private mutating func rise(_ start: Int) {
    var position = start
    while position > 0 {
      let parent = (position - 1) / 2
      if heap[parent].time <= heap[position].time { break }
      exchange(parent, position)
      position = parent
    }
  }

  private mutating func sink(_ start: Int) {
    var position = start
    while true {
      var least = position
      for child in [2 * position + 1, 2 * position + 2] where child < heap.count {
        if heap[child].time < heap[least].time { least = child }
      }
      if least == position { break }
      exchange(position, least)
      position = least
    }
  }
}
