/// The keys of one object so far, as positions, to detect a repeated key in any spelling.
///
/// Keys with equal hashes are compared. The seed keeps a caller from choosing keys with equal hashes, which limits the
/// number of comparisons.
struct SeenKeys: ~Copyable {
  /// For each key, the upper half of its hash, and below it the offset after its opening quote.
  private var entries = InlineArray<128, UInt64>(repeating: 0)
  /// The bits of the hashes so far: bit `n` is set if a hash ends in `n`. For a new key it is usually clear.
  private var filter: UInt64 = 0
  private let seed: UInt64

  @inline(__always) @_noAllocation @_noLocks
  init(seed: UInt64) { self.seed = seed }

  /// Adds the key at `index`, and returns false if the object already has it.
  @inline(__always) @_noAllocation @_noLocks
  mutating func insert(_ key: Slice, hasEscapes: Bool, at index: Int, in json: Span<UInt8>) -> Bool {
    let hash = Self.hash(key, hasEscapes: hasEscapes, seed: seed, in: json)
    let entry = hash & 0xffff_ffff_0000_0000 | UInt64(key.start)
    let bit: UInt64 = 1 << (hash & 63)
    if filter & bit != 0, isKnown(entry, among: index, in: json) { return false }
    filter |= bit
    entries[index] = entry
    return true
  }

  // Changes nothing, but a borrowed `self` would be copied for the call.
  @inline(never) @_noAllocation @_noLocks
  private mutating func isKnown(_ entry: UInt64, among count: Int, in json: Span<UInt8>) -> Bool {
    var index = 0
    while index < count {
      let other = entries[index]
      if (other ^ entry) >> 32 == 0 {
        var left = UnescapedBytes(at: Int(other & 0xffff_ffff))
        var right = UnescapedBytes(at: Int(entry & 0xffff_ffff))
        while true {
          let byte = left.next(in: json)
          if byte != right.next(in: json) { break }
          if byte == nil { return true }
        }
      }
      index += 1
    }
    return false
  }

  /// Returns a hash of the unescaped key, which is the same for every spelling.
  @_noAllocation @_noLocks
  static func hash(_ key: Slice, hasEscapes: Bool, seed: UInt64, in json: Span<UInt8>) -> UInt64 {
    var hash = seed
    var count = 0
    if hasEscapes {
      var bytes = UnescapedBytes(at: Int(key.start))
      var word: UInt64 = 0
      while let byte = bytes.next(in: json) {
        word |= UInt64(byte) << UInt64(count & 7 * 8)
        count += 1
        if count & 7 == 0 {
          hash = mix(hash, word)
          word = 0
        }
      }
      if count & 7 != 0 { hash = mix(hash, word) }
    } else {
      var at = Int(key.start)
      count = Int(key.count)
      let end = at + count
      while at < end {
        hash = mix(hash, Search.word(in: json, at: at, before: end))
        at += 8
      }
    }
    return mix(hash, UInt64(truncatingIfNeeded: count))
  }

  @inline(__always) @_noAllocation @_noLocks
  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
    return product.high ^ product.low
  }
}
