extension Optional where Wrapped: ~Copyable {
  /// Calls `body` with the value, which cannot be copied out.
  func withBorrowed<Result: ~Copyable>(_ body: (borrowing Wrapped) -> Result) -> Result? {
    switch self {
    case .some(let wrapped): body(wrapped)
    case nil: nil
    }
  }
}

/// A slot map: elements addressed by slot and generation, so that a stale ID never reaches a slot's new occupant.
///
/// Insert, remove, and lookup are O(1). Slots are reused; a generation repeats only after 2^32 occupants of one slot.
@safe
struct Slots<Element: ~Copyable>: ~Copyable {
  /// An ID: a slot and its generation. Never zero.
  struct ID: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    var bits: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    init(slot: UInt32, generation: UInt32) {
      self.slot = slot
      self.generation = generation
    }

    init(bits: UInt64) {
      slot = UInt32(truncatingIfNeeded: bits)
      generation = UInt32(truncatingIfNeeded: bits >> 32)
    }
  }

  private var elements: UnsafeMutablePointer<Element?>
  private var capacity: Int
  private var generations: [UInt32] = []
  private var free: [UInt32] = []

  /// The number of elements in the table.
  private(set) var count = 0

  init(capacity: Int = 16) {
    self.capacity = capacity
    unsafe elements = Self.allocate(capacity)
  }

  deinit {
    for index in 0..<generations.count { unsafe (elements + index).deinitialize(count: 1) }
    unsafe Self.deallocate(elements)
  }

  /// Allocates space for `capacity` elements after one that is always empty, which stale IDs refer to.
  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element?> {
    let base = UnsafeMutablePointer<Element?>.allocate(capacity: capacity + 1)
    unsafe base.initialize(to: nil)
    return unsafe base + 1
  }

  private static func deallocate(_ elements: UnsafeMutablePointer<Element?>) {
    unsafe (elements - 1).deinitialize(count: 1)
    unsafe (elements - 1).deallocate()
  }

  /// All slots that were ever used. Iterate with `id(at:)`.
  var slots: Range<Int> { 0..<generations.count }

  /// Returns the ID of the element in a slot, or `nil` if the slot is empty.
  func id(at slot: Int) -> ID? {
    switch unsafe elements[slot] {
    case nil: nil
    case .some: ID(slot: UInt32(slot), generation: generations[slot])
    }
  }

  /// The ID that the next `insert` returns.
  var next: ID {
    if let slot = free.last { return ID(slot: slot, generation: generations[Int(slot)]) }
    return ID(slot: UInt32(generations.count), generation: 1)
  }

  /// Inserts an element and returns its ID.
  mutating func insert(_ element: consuming Element) -> ID {
    let id = next
    if free.popLast() == nil {
      if generations.count == capacity { grow() }
      generations.append(1)
      unsafe (elements + Int(id.slot)).initialize(to: consume element)
    } else {
      unsafe elements[Int(id.slot)] = consume element
    }
    count += 1
    return id
  }

  /// Removes and returns the element. Returns `nil` if the ID is stale.
  mutating func remove(_ id: ID) -> Element? {
    guard isCurrent(id) else { return nil }
    let slot = Int(id.slot)
    let element = unsafe elements[slot].take()
    if element == nil { return nil }
    generations[slot] &+= 1
    free.append(id.slot)
    count -= 1
    return element
  }

  /// The element with an ID, or `nil` if the ID is stale.
  ///
  /// A stale ID refers to an element that is always empty, even after a write. The accessors return addresses because
  /// a coroutine accessor would allocate its frame on each access.
  subscript(id: ID) -> Element? {
    unsafeAddress { unsafe UnsafePointer(address(of: id)) }
    unsafeMutableAddress { unsafe address(of: id) }
  }

  private func address(of id: ID) -> UnsafeMutablePointer<Element?> {
    let index = index(of: id)
    if index < 0 { unsafe elements[index] = nil }
    return unsafe elements + index
  }

  /// Returns whether the ID refers to an element.
  func contains(_ id: ID) -> Bool {
    isCurrent(id) && self.id(at: Int(id.slot)) != nil
  }

  private func index(of id: ID) -> Int { isCurrent(id) ? Int(id.slot) : -1 }

  private func isCurrent(_ id: ID) -> Bool {
    Int(id.slot) < generations.count && generations[Int(id.slot)] == id.generation
  }

  private mutating func grow() {
    let larger = unsafe Self.allocate(capacity * 2)
    unsafe larger.moveInitialize(from: elements, count: generations.count)
    unsafe Self.deallocate(elements)
    unsafe elements = larger
    capacity *= 2
  }
}
