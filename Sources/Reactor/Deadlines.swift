/// Points in time at which something is to be done, soonest first.
///
/// A binary heap whose entries know their place: add, move and remove cost O(log n), the next one O(1).
/// Times are `Reactor.now`: durations on the monotonic clock.
struct Deadlines<Owner> {
  typealias ID = Slots<Int>.ID

  private struct Entry {
    var time: Duration
    var id: ID
    var owner: Owner
  }

  private var heap: [Entry] = []
  private var places: [Int] = []
  private var generations: [UInt32] = []
  private var free: [UInt32] = []

  var count: Int { heap.count }

  /// The soonest time, if any.
  var next: Duration? { heap.first?.time }

  mutating func add(_ time: Duration, _ owner: Owner) -> ID {
    let slot: UInt32
    if let reused = free.popLast() {
      slot = reused
    } else {
      slot = UInt32(places.count)
      places.append(-1)
      generations.append(1)
    }
    let id = ID(slot: slot, generation: generations[Int(slot)])
    heap.append(Entry(time: time, id: id, owner: owner))
    places[Int(slot)] = heap.count - 1
    rise(heap.count - 1)
    return id
  }

  /// Moves a deadline; false when it has passed or was removed.
  @discardableResult
  mutating func move(_ id: ID, to time: Duration) -> Bool {
    guard let place = place(of: id) else { return false }
    heap[place].time = time
    rise(place)
    sink(places[Int(id.slot)])
    return true
  }

  /// Removes a deadline; false when it has passed or was removed.
  @discardableResult
  mutating func remove(_ id: ID) -> Bool {
    guard let place = place(of: id) else { return false }
    removeEntry(at: place)
    return true
  }

  /// Takes out the soonest deadline that `now` has reached.
  mutating func takeDue(_ now: Duration) -> (id: ID, owner: Owner)? {
    guard let first = heap.first, first.time <= now else { return nil }
    removeEntry(at: 0)
    return (first.id, first.owner)
  }

  private func place(of id: ID) -> Int? {
    let slot = Int(id.slot)
    guard slot < places.count, generations[slot] == id.generation, places[slot] >= 0 else { return nil }
    return places[slot]
  }

  private mutating func removeEntry(at place: Int) {
    let id = heap[place].id
    let last = heap.count - 1
    if place != last { exchange(place, last) }
    heap.removeLast()
    places[Int(id.slot)] = -1
    generations[Int(id.slot)] &+= 1
    free.append(id.slot)
    if place < heap.count {
      let moved = heap[place].id
      rise(place)
      sink(places[Int(moved.slot)])
    }
  }

  private mutating func exchange(_ a: Int, _ b: Int) {
    heap.swapAt(a, b)
    places[Int(heap[a].id.slot)] = a
    places[Int(heap[b].id.slot)] = b
  }

  private mutating func rise(_ start: Int) {
    var place = start
    while place > 0 {
      let parent = (place - 1) / 2
      if heap[parent].time <= heap[place].time { break }
      exchange(parent, place)
      place = parent
    }
  }

  private mutating func sink(_ start: Int) {
    var place = start
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count {
        if heap[child].time < heap[least].time { least = child }
      }
      if least == place { break }
      exchange(place, least)
      place = least
    }
  }
}
