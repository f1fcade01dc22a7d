/// A table keyed by the reactor's IDs: 64 bits, of which the low 32 are a slot that is reused.
///
/// A lookup takes an index and a comparison; a stale ID finds nothing.
struct IDTable<Value> {
  /// The last ID in each slot. Beside the values, so that a comparison copies no value.
  private var ids: [UInt64] = []
  /// The occupant of each slot.
  private var occupants: [Value?] = []

  /// The number of entries.
  private(set) var count = 0

  subscript(id: UInt64) -> Value? {
    get { contains(id) ? occupants[Self.slot(id)] : nil }
    set {
      let slot = Self.slot(id)
      if let newValue {
        while ids.count <= slot {
          ids.append(0)
          occupants.append(nil)
        }
        if occupants[slot] == nil { count += 1 }
        ids[slot] = id
        occupants[slot] = newValue
      } else if contains(id), occupants[slot] != nil {
        occupants[slot] = nil
        count -= 1
      }
    }
  }

  private func contains(_ id: UInt64) -> Bool {
    let slot = Self.slot(id)
    return slot < ids.count && ids[slot] == id
  }

  /// Returns the current occupant of a slot.
  func value(inSlot slot: Int) -> Value? { slot < occupants.count ? occupants[slot] : nil }

  /// All values, in no particular order.
  var values: [Value] { occupants.compactMap(\.self) }

  private static func slot(_ id: UInt64) -> Int { Int(id & 0xFFFF_FFFF) }
}
