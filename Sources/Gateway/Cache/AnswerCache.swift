/// Answers by their requests, as many as fit. The answer that was used least recently makes way.
///
/// A plain value on the loop's thread. Finding, adding and removing an answer take the same time however many there are.
struct AnswerCache: Sendable {
  /// The limits of a cache.
  struct Limits: Equatable, Sendable {
    var entries: Int
    var bytes: Int
    /// How long an answer is kept, in nanoseconds.
    var ttl: Int64
  }

  /// The requests since the start, by the answers that they got.
  struct Counts: Equatable, Sendable {
    var hits = 0
    var misses = 0
    /// Requests that shared the answer of one that ran.
    var shared = 0
    /// Requests whose answer is not kept.
    var bypassed = 0
    var evictions = 0
    /// The cost of the answers that were given again, as far as their prices are known.
    var saved = MicroUSD.zero
    var savedTokens: UInt64 = 0
  }

  private struct Entry {
    var key: CacheKey
    var answer: StoredAnswer
    /// The entries that were used next before and next after this one; `none` at the ends.
    var older: Int32
    var newer: Int32
  }

  private static let none: Int32 = -1

  private(set) var limits: Limits
  var counts = Counts()
  private(set) var bytes = 0
  private var entries: [Entry] = []
  /// The entries by their keys: an open table with twice as many places at least, which are probed one after the other.
  private var places: [Int32] = []
  private var oldest = none
  private var newest = none

  init(_ limits: Limits) { self.limits = limits }

  var count: Int { entries.count }

  /// Bytes of an answer that is read once more on the loop to see that it was not cut off.
  private static let readBytesMax = 512 * 1024

  /// The largest answer that is kept: it must not push all others out, either.
  var answerBytesMax: Int { min(limits.bytes / 16, Self.readBytesMax) }

  /// Uses other limits from here on.
  mutating func use(_ limits: Limits) {
    self.limits = limits
    evict()
  }

  /// Finds an answer of at most an age, in nanoseconds. It is the one that was used last from here on.
  mutating func find(_ key: CacheKey, ageMax: Int64 = .max, at now: Int64) -> StoredAnswer? {
    guard let number = number(of: key) else { return nil }
    let age = now - entries[number].answer.storedAt
    if age >= limits.ttl {
      remove(number)
      return nil
    }
    if age > ageMax { return nil }
    if newest != Int32(truncatingIfNeeded: number) {
      unlink(number)
      link(number)
    }
    return entries[number].answer
  }

  /// Keeps an answer, in place of that of the same key.
  mutating func insert(_ answer: StoredAnswer, for key: CacheKey) {
    if answer.byteCount > answerBytesMax { return }
    if let number = number(of: key) { remove(number) }
    if (entries.count + 1) * 2 > places.count { growPlaces() }
    entries.append(Entry(key: key, answer: answer, older: Self.none, newer: Self.none))
    let number = entries.count - 1
    places[freePlace(for: key)] = Int32(truncatingIfNeeded: number)
    link(number)
    bytes += answer.byteCount
    evict()
  }

  /// Removes everything and returns the memory.
  mutating func removeAll() {
    entries = []
    places = []
    bytes = 0
    (oldest, newest) = (Self.none, Self.none)
  }

  private mutating func evict() {
    while entries.count > limits.entries || bytes > limits.bytes, oldest != Self.none {
      remove(Int(oldest))
      counts.evictions += 1
    }
  }

  // MARK: The order of use

  private mutating func link(_ number: Int) {
    let index = Int32(truncatingIfNeeded: number)
    entries[number].older = newest
    entries[number].newer = Self.none
    if newest == Self.none { oldest = index } else { entries[Int(newest)].newer = index }
    newest = index
  }

  private mutating func unlink(_ number: Int) {
    let (older, newer) = (entries[number].older, entries[number].newer)
    if older == Self.none { oldest = newer } else { entries[Int(older)].newer = newer }
    if newer == Self.none { newest = older } else { entries[Int(newer)].older = older }
  }

  /// Removes an entry; the last one takes its number.
  private mutating func remove(_ number: Int) {
    removePlace(place(of: number))
    unlink(number)
    bytes -= entries[number].answer.byteCount
    let last = entries.count - 1
    if number != last {
      let place = place(of: last)
      let index = Int32(truncatingIfNeeded: number)
      places[place] = index
      entries[number] = entries[last]
      let (older, newer) = (entries[number].older, entries[number].newer)
      if older == Self.none { oldest = index } else { entries[Int(older)].newer = index }
      if newer == Self.none { newest = index } else { entries[Int(newer)].older = index }
    }
    entries.removeLast()
  }

  // MARK: The places

  private func home(_ key: CacheKey) -> Int { Int(truncatingIfNeeded: key.words[0]) & (places.count - 1) }

  private func number(of key: CacheKey) -> Int? {
    if places.isEmpty { return nil }
    var place = home(key)
    while places[place] != Self.none {
      let number = Int(places[place])
      if entries[number].key == key { return number }
      place = (place + 1) & (places.count - 1)
    }
    return nil
  }

  private func place(of number: Int) -> Int {
    var place = home(entries[number].key)
    while places[place] != Int32(truncatingIfNeeded: number) { place = (place + 1) & (places.count - 1) }
    return place
  }

  private func freePlace(for key: CacheKey) -> Int {
    var place = home(key)
    while places[place] != Self.none { place = (place + 1) & (places.count - 1) }
    return place
  }

  /// Frees a place, and moves those behind it that would not be found any more.
  private mutating func removePlace(_ freed: Int) {
    let mask = places.count - 1
    var free = freed
    var place = (freed + 1) & mask
    while places[place] != Self.none {
      let home = home(entries[Int(places[place])].key)
      // The place may move if its home is not behind the free one.
      if (place - home) & mask >= (place - free) & mask {
        places[free] = places[place]
        free = place
      }
      place = (place + 1) & mask
    }
    places[free] = Self.none
  }

  private mutating func growPlaces() {
    places = [Int32](repeating: Self.none, count: max(16, places.count * 2))
    for number in entries.indices {
      places[freePlace(for: entries[number].key)] = Int32(truncatingIfNeeded: number)
    }
  }
}
