/// A table by the reactor's names: 64 bits of which the low 32 are a slot that is used again.
///
/// Look-ups cost an index and a compare; a stale name finds nothing.
struct IDTable<Value> {
  private var entries: [(name: UInt64, value: Value)?] = []

  /// The number of entries.
  private(set) var count = 0

  subscript(name: UInt64) -> Value? {
    get {
      let slot = Self.slot(name)
      guard slot < entries.count, let entry = entries[slot], entry.name == name else { return nil }
      return entry.value
    }
    set {
      let slot = Self.slot(name)
      if let newValue {
        while entries.count <= slot { entries.append(nil) }
        if entries[slot] == nil { count += 1 }
        entries[slot] = (name, newValue)
      } else if self[name] != nil {
        entries[slot] = nil
        count -= 1
      }
    }
  }

  /// Whatever lives in a slot now.
  func value(inSlot slot: Int) -> Value? { slot < entries.count ? entries[slot]?.value : nil }

  /// All values, in no order that means anything.
  var values: [Value] { entries.compactMap { $0?.value } }

  private static func slot(_ name: UInt64) -> Int { Int(name & 0xFFFF_FFFF) }
}
