/// The values of a file, checked one by one against `ConfigurationKeys`, and the errors found.
struct ConfigurationValues {
  /// The largest number of errors and of warnings that are kept.
  static let errorsMax = 200

  /// The values of an empty file, which are the defaults.
  static let defaults = ConfigurationValues([], file: "defaults")

  let file: String
  private(set) var entries: [String: TOMLEntry] = [:]
  private(set) var errors: [ConfigurationError] = []
  private(set) var warnings: [ConfigurationWarning] = []
  /// The paths of the entries of each table of names, in the order of the file.
  private var members: [String: [String]] = [:]

  init(_ read: [TOMLEntry], file: String) {
    self.file = file
    let read = rename(read)
    for entry in read { entries[entry.path] = entry }
    var rejected: String?
    for entry in read where !entry.path.isEmpty {
      guard errors.count < Self.errorsMax else {
        // Nothing may be read unchecked from here on.
        entries = [:]
        return
      }
      // The contents of a rejected entry would only be rejected again.
      if let rejected, Self.isInside(entry.path, rejected) { continue }
      rejected = nil
      let pattern = Self.pattern(entry.path)
      if let error = containerError(entry, pattern) ?? keyError(entry, pattern) {
        report(entry.position, error, key: Self.knownPath(entry.path, pattern))
        entries[entry.path] = nil
        rejected = entry.path
      } else if let table = Self.table(of: entry.path, pattern) {
        members[table, default: []].append(entry.path)
      }
    }
  }

  /// Adds an error. Drops it if there are too many.
  ///
  /// - Parameter key: the path of a key of hoosh's, which callers may read.
  mutating func report(_ position: TOMLPosition?, _ message: String, key: String? = nil) {
    guard errors.count < Self.errorsMax else { return }
    errors.append(
      ConfigurationError(file: file, line: position?.line, column: position?.column, key: key, message: message))
  }

  /// Adds an error about a key that is in the file.
  mutating func report(_ path: String, _ message: String) {
    report(entries[path]?.position, "`\(path)` \(message)", key: Self.knownPath(path, Self.pattern(path)))
  }

  /// Adds a warning. Drops it if there are too many.
  mutating func warn(_ position: TOMLPosition?, _ message: String) {
    guard let position, warnings.count < Self.errorsMax else { return }
    warnings.append(
      ConfigurationWarning(file: file, line: position.line, column: position.column, message: message))
  }

  /// Returns the entries under their present names. A former name adds a warning, or an error if the file has both names.
  private mutating func rename(_ read: [TOMLEntry]) -> [TOMLEntry] {
    let given = Set(read.map(\.path))
    var moved: (old: String, new: String)?
    var rejected: String?
    return read.compactMap { entry in
      if let rejected, Self.isInside(entry.path, rejected) { return nil }
      if let moved, Self.isInside(entry.path, moved.old) {
        var entry = entry
        entry.path = moved.new + entry.path.dropFirst(moved.old.count)
        return entry
      }
      guard case .renamed(let pattern)? = ConfigurationKeys.byPath[Self.pattern(entry.path)]?.availability else {
        return entry
      }
      let new = Self.filled(pattern, from: entry.path)
      guard !given.contains(new) else {
        report(entry.position, "`\(entry.path)` is the former name of `\(new)`, which is set too; remove this line")
        rejected = entry.path
        return nil
      }
      warn(entry.position, "`\(entry.path)` was renamed; write `\(new)` instead")
      moved = (entry.path, new)
      var entry = entry
      entry.path = new
      return entry
    }
  }

  /// Returns whether a path is that of an element or a member of a container.
  private static func isInside(_ path: String, _ container: String) -> Bool {
    guard path.hasPrefix(container), let next = path.utf8.dropFirst(container.utf8.count).first else {
      return false
    }
    return next == UInt8(ascii: ".") || next == UInt8(ascii: "[")
  }

  // The containers of keys, by pattern.
  private static let lists = Set(
    ConfigurationKeys.all.compactMap { $0.path.contains("[]") ? String($0.path.prefix { $0 != "[" }) : nil })
  private static let sections = Set(
    ConfigurationKeys.all.flatMap { key in
      key.path.indices.filter { key.path[$0] == "." }.map { String(key.path[..<$0]) }
    })
  private static let tables = ConfigurationKeys.all.filter { if case .names = $0.kind { true } else { false } }
    .map(\.path)
  /// The patterns that a misspelled one may stand for.
  private static let known: [String] = {
    let paths = ConfigurationKeys.current.map(\.path)
    let containers = sections.union(lists).filter { name in paths.contains { $0.hasPrefix(name) } }
    return paths + containers.sorted()
  }()

  /// Returns the pattern of a path, in which every index is `[]`.
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

  /// Returns a path, or as much of it as is not in the operator's words; `nil` if hoosh has no such key.
  private static func knownPath(_ path: String, _ pattern: String) -> String? {
    let key = pattern.hasSuffix("[]") ? String(pattern.dropLast(2)) : pattern
    if ConfigurationKeys.byPath[key] != nil || sections.contains(key) || lists.contains(key) { return path }
    return table(of: path, pattern)
  }

  /// Returns the path of the table of names that a path belongs to, or `nil` if it belongs to none.
  private static func table(of path: String, _ pattern: String) -> String? {
    guard let table = tables.first(where: { pattern.hasPrefix($0 + ".") }) else { return nil }
    return filled(table, from: path)
  }

  /// Returns the error of a section or list, or `nil` if it is valid or neither.
  private func containerError(_ entry: TOMLEntry, _ pattern: String) -> String? {
    let name = pattern.hasSuffix("[]") ? String(pattern.dropLast(2)) : pattern
    if Self.lists.contains(name) {
      switch entry.value {
      case .array where name == pattern, .table where name != pattern: return nil
      default: return "`\(entry.path)` is a list of sections; write [[\(name)]]"
      }
    }
    guard Self.sections.contains(pattern), entry.value != .table else { return nil }
    return "`\(entry.path)` is a section; write [\(pattern)]"
  }

  /// Returns the error of a key, or `nil` if it is valid or a section.
  private func keyError(_ entry: TOMLEntry, _ pattern: String) -> String? {
    if Self.sections.contains(pattern) || Self.lists.contains(pattern) { return nil }
    guard let key = ConfigurationKeys.byPath[pattern] else {
      if pattern.hasSuffix("[]"), ConfigurationKeys.byPath[String(pattern.dropLast(2))] != nil {
        guard case .string = entry.value else { return "`\(entry.path)` must be a string, not \(entry.value.name)" }
        return nil
      }
      if Self.table(of: entry.path, pattern) != nil {
        guard case .string = entry.value else {
          return "`\(entry.path)` must be a string, not \(entry.value.name); put quotes around a name that has dots"
        }
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
    return "`\(entry.path)`: \(feature) is not supported yet; \(remedy)"
  }

  /// Returns whether the switch of the key's section is off.
  private func isExcused(_ key: ConfigurationKey) -> Bool {
    let section = String(key.path.prefix { $0 != "." })
    guard let path = ConfigurationKeys.switches[section], let `switch` = ConfigurationKeys.byPath[path],
      let entry = entries[path]
    else { return false }
    return `switch`.isOff(entry.value)
  }

  /// Returns the most similar key, as the end of a sentence.
  private func suggestion(_ path: String, _ pattern: String) -> String {
    let last = pattern.split(separator: ".").last.map { String($0) } ?? pattern
    let sameName = ConfigurationKeys.current.map(\.path).filter { $0.hasSuffix("." + last) }
    // Of several, a key outside of all sections is probably one of [server], whose keys come first.
    let isServers = pattern == last && sameName.first?.hasPrefix("server.") == true
    let named = sameName.count == 1 || isServers ? sameName.first : nil
    guard let meant = Spelling.nearest(to: pattern, in: Self.known) ?? named else { return "" }
    return "; did you mean `\(Self.filled(meant, from: path))`?"
  }

  /// Returns a pattern with the indexes of a path.
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

// The values of the file, or the defaults where the file has no valid value.
extension ConfigurationValues {
  private func defaultValue(_ path: String) -> String {
    guard let key = ConfigurationKeys.byPath[Self.pattern(path)] else { preconditionFailure("no key \(path)") }
    return key.defaultValue
  }

  /// Returns whether the file has a valid value for the key.
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

  /// Returns the number of elements of a list, or 0 if there is no list.
  func count(_ path: String) -> Int {
    if case .array(let count)? = entries[path]?.value { return count }
    return 0
  }

  /// Returns the strings of a list, each with its path.
  func strings(_ path: String) -> [(path: String, text: String)] {
    (0..<count(path)).compactMap { index in
      guard case .string(let text)? = entries["\(path)[\(index)]"]?.value else { return nil }
      return ("\(path)[\(index)]", text)
    }
  }

  /// Returns the names of a table, each with its path and its string.
  func names(_ path: String) -> [(path: String, name: String, text: String)] {
    (members[path] ?? []).compactMap { member in
      guard case .string(let text)? = entries[member]?.value else { return nil }
      return (member, Self.unquoted(member.dropFirst(path.count + 1)), text)
    }
  }

  /// Returns a segment of a path without its quotes and escapes.
  private static func unquoted(_ segment: Substring) -> String {
    guard segment.first == "\"" else { return String(segment) }
    var out = ""
    var isEscaped = false
    for character in segment.dropFirst().dropLast() {
      if !isEscaped, character == "\\" {
        isEscaped = true
      } else {
        out.append(character)
        isEscaped = false
      }
    }
    return out
  }

  /// Returns a time in seconds. Traps if the file has no value and the table no default.
  func seconds(_ path: String) -> Duration { duration(path, 1) }

  /// Returns a time in milliseconds. Traps if the file has no value and the table no default.
  func milliseconds(_ path: String) -> Duration { duration(path, 0.001) }

  private func duration(_ path: String, _ unit: Double) -> Duration {
    guard let number = number(path) else { preconditionFailure("\(path) has no default") }
    return .nanoseconds(Int64((number * unit * 1e9).rounded()))
  }
}
