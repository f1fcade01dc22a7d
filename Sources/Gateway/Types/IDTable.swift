/// A table keyed by the reactor's IDs: 64 bits, of which the low 32 are a slot that is reused.
///
/// A lookup takes an index and a comparison; a stale ID finds nothing.
struct IDTable<Value> {
  private var entries: [(id: UInt64, value: Value)?] = []

  /// The number of entries.
  private(set) var count = 0

  subscript(id: UInt64) -> Value? {
    get {
      let slot = Self.slot(id)
      guard slot < entries.count, let entry = entries[slot], entry.id == id else { return nil }
      return entry.value
    }
    set {
      let slot = Self.slot(id)
      if let newValue {
        while entries.count <= slot { entries.append(nil) }
        if entries[slot] == nil { count += 1 }
        entries[slot] = (id, newValue)
      } else if self[id] != nil {
        entries[slot] = nil
        count -= 1
      }
    }
  }

  /// Returns the current occupant of a slot.
  func value(inSlot slot: Int) -> Value? { slot < entries.count ? entries[slot]?.value : nil }

  /// All values, in no particular order.
  var values: [Value] { entries.compactMap { $0?.value } }

  private static func slot(_ id: UInt64) -> Int { Int(id & 0xFFFF_FFFF) }
}
