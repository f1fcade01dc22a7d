extension Optional where Wrapped: ~Copyable {
  /// Lends the value, which cannot be copied out, to `body`.
  func withBorrowed<Result: ~Copyable>(_ body: (borrowing Wrapped) -> Result) -> Result? {
    switch self {
    case .some(let wrapped): body(wrapped)
    case nil: nil
    }
  }
}

/// A table of elements that are named by slot and generation, so that a name never finds a later tenant.
///
/// Insert, remove and look-up are O(1); slots are reused, generations are not until 2^32 lives of one slot.
@safe
struct Slots<Element: ~Copyable>: ~Copyable {
  /// A name: the slot, and which life of it. Never zero.
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

  /// Room for `capacity` elements behind one that is always empty: what a stale name finds.
  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element?> {
    let base = UnsafeMutablePointer<Element?>.allocate(capacity: capacity + 1)
    unsafe base.initialize(to: nil)
    return unsafe base + 1
  }

  private static func deallocate(_ elements: UnsafeMutablePointer<Element?>) {
    unsafe (elements - 1).deinitialize(count: 1)
    unsafe (elements - 1).deallocate()
  }

  /// The slots that were ever used; iterate with `id(at:)`.
  var slots: Range<Int> { 0..<generations.count }

  /// The name of the element in a slot, if there is one.
  func id(at slot: Int) -> ID? {
    switch unsafe elements[slot] {
    case nil: nil
    case .some: ID(slot: UInt32(slot), generation: generations[slot])
    }
  }

  /// The name that the next `insert` will return.
  var next: ID {
    if let slot = free.last { return ID(slot: slot, generation: generations[Int(slot)]) }
    return ID(slot: UInt32(generations.count), generation: 1)
  }

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

  /// Takes the element out; `nil` when the name is stale.
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

  /// The element of that name; `nil` when the name is stale.
  ///
  /// A stale name finds a place that is always empty, also after something was written there. Addresses, because the
  /// frame of a coroutine would cost an allocation for each access.
  subscript(id: ID) -> Element? {
    unsafeAddress { unsafe UnsafePointer(address(of: id)) }
    unsafeMutableAddress { unsafe address(of: id) }
  }

  private func address(of id: ID) -> UnsafeMutablePointer<Element?> {
    let place = place(of: id)
    if place < 0 { unsafe elements[place] = nil }
    return unsafe elements + place
  }

  func contains(_ id: ID) -> Bool {
    isCurrent(id) && self.id(at: Int(id.slot)) != nil
  }

  private func place(of id: ID) -> Int { isCurrent(id) ? Int(id.slot) : -1 }

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
