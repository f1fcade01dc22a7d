/// The command line: `--name value`, `--name=value`, `--flag`. An option owns the words up to the next option.
struct Arguments {
  private var values: [String: [String]] = [:]

  init(_ words: ArraySlice<String>, known: Set<String>) throws(LoadError) {
    var name: String?
    for word in words {
      if word.hasPrefix("--") {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
        guard let first = parts.first, known.contains(first) else { throw LoadError("unknown option \(word)") }
        name = first
        values[first, default: []] += parts.dropFirst()
      } else if let name {
        values[name, default: []].append(word)
      } else {
        throw LoadError("unexpected \(word)")
      }
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }

  func all(_ name: String) -> [String] { values[name] ?? [] }

  func text(_ name: String) -> String? { values[name]?.last }

  func number(_ name: String, _ fallback: Double) throws(LoadError) -> Double {
    guard let text = text(name) else { return fallback }
    guard let number = Double(text), number >= 0 else {
      throw LoadError("--\(name) requires a number, not \(text)")
    }
    return number
  }

  func integer(_ name: String, _ fallback: Int) throws(LoadError) -> Int {
    let number = try number(name, Double(fallback))
    guard number <= 1e12 else { throw LoadError("--\(name) is too large") }
    return Int(number)
  }
}
