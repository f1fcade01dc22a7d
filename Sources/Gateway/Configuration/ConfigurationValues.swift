/// The values of a file, checked one by one against `ConfigurationKeys`, and the faults found on the way.
struct ConfigurationValues {
  /// Faults after which the rest is not worth printing.
  static let errorsMax = 200

  let file: String
  private(set) var entries: [String: TOMLEntry] = [:]
  private(set) var errors: [ConfigurationError] = []

  init(_ read: [TOMLEntry], file: String) {
    self.file = file
    for entry in read { entries[entry.path] = entry }
    var refused: String?
    for entry in read where !entry.path.isEmpty {
      guard errors.count < Self.errorsMax else {
        // Nothing unchecked may be read from here on.
        entries = [:]
        return
      }
      // What is inside of something that has no place here would only be refused again.
      if let above = refused, entry.path.hasPrefix(above),
        let next = entry.path.utf8.dropFirst(above.utf8.count).first, next == 0x2e || next == 0x5b
      {
        continue
      }
      refused = nil
      let pattern = Self.pattern(entry.path)
      if let error = containerError(entry, pattern) ?? keyError(entry, pattern) {
        report(entry.position, error)
        entries[entry.path] = nil
        refused = entry.path
      }
    }
  }

  /// Adds a fault; beyond the bound it is dropped.
  mutating func report(_ position: TOMLPosition?, _ message: String) {
    guard errors.count < Self.errorsMax else { return }
    errors.append(ConfigurationError(file: file, line: position?.line, column: position?.column, message: message))
  }

  /// Adds a fault about a key that is in the file.
  mutating func report(_ path: String, _ message: String) {
    report(entries[path]?.position, "`\(path)` \(message)")
  }

  // What may hold other keys, by pattern.
  private static let lists = Set(
    ConfigurationKeys.all.compactMap { $0.path.contains("[]") ? String($0.path.prefix { $0 != "[" }) : nil })
  private static let sections = Set(
    ConfigurationKeys.all.flatMap { key in
      key.path.indices.filter { key.path[$0] == "." }.map { String(key.path[..<$0]) }
    })
  private static let known = ConfigurationKeys.all.map(\.path) + sections.union(lists).sorted()

  /// The pattern of a path: every index becomes `[]`.
  static func pattern(_ path: String) -> String {
    var out = ""
    var isIndex = false
    for character in path {
      if character == "]" { isIndex = false }
      if !isIndex { out.append(character) }
      if character == "[" { isIndex = true }
    }
    return out
  }

  /// What is wrong with a section or list; nil when nothing is, or when it is neither.
  private func containerError(_ entry: TOMLEntry, _ pattern: String) -> String? {
    let name = pattern.hasSuffix("[]") ? String(pattern.dropLast(2)) : pattern
    if Self.lists.contains(name) {
      switch entry.value {
      case .array where name == pattern, .table where name != pattern: return nil
      default: return "`\(entry.path)` is one of a list of sections; write [[\(name)]]"
      }
    }
    guard Self.sections.contains(pattern), entry.value != .table else { return nil }
    return "`\(entry.path)` is a section; write [\(pattern)]"
  }

  /// What is wrong with a key; nil when nothing is, or when it is a section.
  private func keyError(_ entry: TOMLEntry, _ pattern: String) -> String? {
    if Self.sections.contains(pattern) || Self.lists.contains(pattern) { return nil }
    guard let key = ConfigurationKeys.byPath[pattern] else {
      if pattern.hasSuffix("[]"), ConfigurationKeys.byPath[String(pattern.dropLast(2))] != nil {
        guard case .string = entry.value else { return "`\(entry.path)` must be a string, not \(entry.value.name)" }
        return nil
      }
      let what = entry.value == .table ? "section" : "key"
      return "unknown \(what) `\(entry.path)`\(suggestion(entry.path, pattern))"
    }
    if let error = key.error(entry.value) { return "`\(entry.path)` \(error)" }
    guard case .unsupported(let feature, let off) = key.availability, !key.isOff(entry.value), !isExcused(key)
    else {
      return nil
    }
    let remedy =
      switch (off, key.kind) {
      case (nil, _): "remove the line"
      case ("[]", _): "remove the line or set it to []"
      case (let off?, .string), (let off?, .word): "remove the line or set it to \"\(off)\""
      case (let off?, _): "remove the line or set it to \(off)"
      }
    return "`\(entry.path)` is set, but \(feature) does not exist yet; \(remedy)"
  }

  /// Whether the section's own switch turns the key's feature off.
  private func isExcused(_ key: ConfigurationKey) -> Bool {
    let section = String(key.path.prefix { $0 != "." })
    guard let path = ConfigurationKeys.switches[section], let `switch` = ConfigurationKeys.byPath[path],
      let entry = entries[path]
    else { return false }
    return `switch`.isOff(entry.value)
  }

  /// What was probably meant, as the rest of a sentence.
  private func suggestion(_ path: String, _ pattern: String) -> String {
    let last = pattern.split(separator: ".").last.map { String($0) } ?? pattern
    let sameName = ConfigurationKeys.all.map(\.path).filter { $0.hasSuffix("." + last) }
    guard let meant = Spelling.nearest(to: pattern, in: Self.known) ?? (sameName.count == 1 ? sameName[0] : nil)
    else { return "" }
    return "; did you mean `\(Self.filled(meant, from: path))`?"
  }

  /// A pattern with the indexes of a path.
  private static func filled(_ pattern: String, from path: String) -> String {
    var indexes = path.split(separator: "[").dropFirst().map { $0.prefix { $0 != "]" } }
    var out = ""
    for character in pattern {
      if character == "]", out.last == "[", !indexes.isEmpty { out += indexes.removeFirst() }
      out.append(character)
    }
    return out
  }
}

// What the file says, or what the table says when the file is silent or wrong.
extension ConfigurationValues {
  private func defaultValue(_ path: String) -> String {
    guard let key = ConfigurationKeys.byPath[Self.pattern(path)] else { preconditionFailure("no key \(path)") }
    return key.defaultValue
  }

  /// Whether the file has the key, with a value of the right kind.
  func isSet(_ path: String) -> Bool { entries[path] != nil }

  func string(_ path: String) -> String {
    if case .string(let text)? = entries[path]?.value { return text }
    return defaultValue(path)
  }

  func integer(_ path: String) -> Int? {
    if case .integer(let number)? = entries[path]?.value { return Int(number) }
    return Int(defaultValue(path))
  }

  func number(_ path: String) -> Double? {
    switch entries[path]?.value {
    case .integer(let number)?: Double(number)
    case .float(let number)?: number
    default: Double(defaultValue(path))
    }
  }

  func boolean(_ path: String) -> Bool? {
    if case .boolean(let flag)? = entries[path]?.value { return flag }
    return Bool(defaultValue(path))
  }

  /// The number of elements of a list; none when there is no list.
  func count(_ path: String) -> Int {
    if case .array(let count)? = entries[path]?.value { return count }
    return 0
  }

  /// The strings of a list, each with its own path.
  func strings(_ path: String) -> [(path: String, text: String)] {
    (0..<count(path)).compactMap { index in
      guard case .string(let text)? = entries["\(path)[\(index)]"]?.value else { return nil }
      return ("\(path)[\(index)]", text)
    }
  }

  /// A time in seconds. Traps when the key has no default: the table must give one.
  func seconds(_ path: String) -> Duration { duration(path, 1) }

  /// A time in milliseconds.
  func milliseconds(_ path: String) -> Duration { duration(path, 0.001) }

  private func duration(_ path: String, _ unit: Double) -> Duration {
    guard let number = number(path) else { preconditionFailure("\(path) has no default") }
    return .nanoseconds(Int64((number * unit * 1e9).rounded()))
  }
}
