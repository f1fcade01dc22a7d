/// The keys of one object so far, as positions, so that a second spelling of one is noticed.
///
/// Equal hashes are settled by comparing the keys; the seed keeps whoever chooses the keys from making many of
/// them equal, which bounds the comparisons for long keys.
struct SeenKeys: ~Copyable {
  /// For each key, the upper half of its hash above the offset behind its opening quote.
  private var entries = InlineArray<128, UInt64>(repeating: 0)
  /// Bit `n` is set when some key's hash ends in `n`: a new key mostly finds its bit clear.
  private var filter: UInt64 = 0
  private let seed: UInt64

  @inline(__always) @_noAllocation @_noLocks
  init(seed: UInt64) { self.seed = seed }

  /// Notes the key as number `index`; false when it is there already.
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

  // Not changing anything, but a borrowed `self` would be copied for the call.
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

  /// A hash of the key as it reads without escapes, so that every spelling has the same.
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
