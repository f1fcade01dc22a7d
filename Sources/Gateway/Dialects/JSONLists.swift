/// A request's JSON was checked as a whole before anybody translates it, so its parts are lists that can be had at once.
enum JSONLists {
  /// The value of a whole text.
  static func root(_ json: Span<UInt8>) -> JSONValue {
    JSONValue(.object, start: Scanner.skip(in: json, from: 0), end: json.count)
  }

  /// Whether a text that nobody checked is one JSON object.
  static func isObject(_ json: Span<UInt8>) -> Bool {
    do throws(JSONError) {
      var members = try MemberCursor(whole: json)
      while try members.next(in: json) != nil {}
      return true
    } catch {
      return false
    }
  }

  /// The members of an object, in their order; of anything else none.
  static func members(of value: JSONValue?, in json: Span<UInt8>) -> [Member] {
    guard let value, value.kind == .object else { return [] }
    var members: [Member] = []
    do throws(JSONError) {
      var cursor = try MemberCursor(in: json, at: Int(value.slice.start))
      while let member = try cursor.next(in: json) { members.append(member) }
    } catch {
      return []
    }
    return members
  }

  /// The elements of an array, in their order; of anything else none.
  static func elements(of value: JSONValue?, in json: Span<UInt8>) -> [JSONValue] {
    guard let value, value.kind == .array else { return [] }
    var elements: [JSONValue] = []
    do throws(JSONError) {
      var cursor = try ArrayCursor(in: json, at: Int(value.slice.start))
      while let element = try cursor.next(in: json) { elements.append(element) }
    } catch {
      return []
    }
    return elements
  }
}

extension [Member] {
  /// The value of the member of that name; the last one, where a name is there more than once.
  func value(_ name: StaticString, in json: Span<UInt8>) -> JSONValue? {
    for member in reversed() where member.keyEquals(name, in: json) { return member.value }
    return nil
  }
}
