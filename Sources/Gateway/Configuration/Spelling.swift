/// Suggestions for misspelled words.
public enum Spelling {
  /// The largest number of edits of a suggestion.
  static let editsMax = 2

  /// Returns the word with the fewest edits from `text`, at most `editsMax`, or `nil` if there is none. The first of
  /// equals wins.
  public static func nearest(to text: String, in words: [String]) -> String? {
    let text = Array(text.utf8)
    var best: (word: String, edits: Int)?
    for word in words where abs(word.utf8.count - text.count) <= editsMax && !word.isEmpty {
      let edits = edits(text, Array(word.utf8))
      guard edits <= editsMax, edits < min(text.count, best?.edits ?? Int.max) else { continue }
      best = (word, edits)
    }
    return best?.word
  }

  /// Returns the smallest number of bytes to insert, delete, replace, or swap with a neighbor that turns `b` into `a`
  /// (restricted Damerau-Levenshtein distance).
  static func edits(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var older = [Int](repeating: 0, count: b.count + 1)
    var old = Array(0...b.count)
    for i in a.indices {
      var new = [i + 1]
      new.reserveCapacity(b.count + 1)
      for j in b.indices {
        var least = min(old[j + 1] + 1, new[j] + 1, old[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, older[j - 1] + 1) }
        new.append(least)
      }
      (older, old) = (old, new)
    }
    return old[b.count]
  }
}
