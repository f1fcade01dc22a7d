/// The members of a JSON object about keys, all of which must be known: of a request, or of the header of a key file.
struct KeyFields {
  private let members: [Member]

  /// Reads an object whose members are among `allowed`, none of them repeated.
  init(_ json: Span<UInt8>, allowed: [StaticString]) throws(KeyError) {
    var members: [Member] = []
    do throws(JSONError) {
      var cursor = try ObjectCursor(whole: json)
      while let member = try cursor.next(in: json) { members.append(member) }
    } catch {
      throw KeyError(.invalid, "the body must be a JSON object: \(error)")
    }
    for member in members where !allowed.contains(where: { member.keyEquals($0, in: json) }) {
      let name = json.bytes(member.key).text
      let known = allowed.map { "`\($0)`" }.joined(separator: ", ")
      throw KeyError(.invalid, "`\(name.prefix(64))` is not a field of this request; it takes \(known)")
    }
    self.members = members
  }

  /// Returns the value of a member, or `nil` if it is absent or null.
  func value(_ name: StaticString, in json: Span<UInt8>) -> JSONValue? {
    members.value(name, in: json).flatMap { $0.kind == .null ? nil : $0 }
  }

  /// Returns the text of a member, or `nil` if it is absent or null.
  func string(_ name: StaticString, in json: Span<UInt8>) throws(KeyError) -> String? {
    guard let value = value(name, in: json) else { return nil }
    guard let text = value.string(in: json) else { throw KeyError(.invalid, "`\(name)` must be a string") }
    return text
  }

  /// Returns the whole number of a member, which is not negative, or `nil` if it is absent or null.
  func integer(_ name: StaticString, in json: Span<UInt8>) throws(KeyError) -> Int64? {
    guard let value = value(name, in: json) else { return nil }
    guard let number = value.integer(in: json), number >= 0 else {
      throw KeyError(.invalid, "`\(name)` must be a whole number from 0")
    }
    return number
  }

  /// Returns the texts of a member that is a list, or `nil` if it is absent or null.
  func strings(_ name: StaticString, in json: Span<UInt8>) throws(KeyError) -> [String]? {
    guard let value = value(name, in: json) else { return nil }
    let texts = JSONLists.elements(of: value, in: json).map { $0.string(in: json) }
    guard value.kind == .array, !texts.contains(nil) else {
      throw KeyError(.invalid, "`\(name)` must be a list of strings")
    }
    return texts.compactMap(\.self)
  }

  /// Returns the rights of a member, or `nil` if it is absent or null.
  func rights(_ name: StaticString, in json: Span<UInt8>) throws(KeyError) -> [Configuration.Key.Right]? {
    guard let words = try strings(name, in: json) else { return nil }
    return try words.map { (word) throws(KeyError) in
      guard let right = Configuration.Key.Right(rawValue: word) else {
        let known = Configuration.Key.Right.allCases.map(\.rawValue).joined(separator: ", ")
        throw KeyError(.invalid, "`\(name)` must be among \(known)")
      }
      return right
    }
  }
}
