/// Reads parts of JSON that was already checked as a whole, so that reading cannot fail.
enum JSONLists {
  /// Returns the value of a complete text.
  static func root(_ json: Span<UInt8>) -> JSONValue {
    JSONValue(.object, start: Scanner.skip(in: json, from: 0), end: json.count)
  }

  /// Returns whether an unchecked text is one JSON object.
  static func isObject(_ json: Span<UInt8>) -> Bool {
    do throws(JSONError) {
      var members = try MemberCursor(whole: json)
      while try members.next(in: json) != nil {}
      return true
    } catch {
      return false
    }
  }

  /// Returns whether a value is a list of numbers.
  static func isListOfNumbers(_ value: JSONValue, in json: Span<UInt8>) -> Bool {
    do throws(JSONError) {
      var cursor = try ArrayCursor(in: json, at: Int(value.slice.start))
      while let element = try cursor.next(in: json) {
        if element.kind != .number { return false }
      }
      return true
    } catch {
      return false
    }
  }

  /// Returns whether a value is a list of numbers from 0 on, such as token IDs.
  static func isListOfIDs(_ value: JSONValue, in json: Span<UInt8>) -> Bool {
    guard value.kind == .array else { return false }
    return elements(of: value, in: json).allSatisfy { $0.integer(in: json).map { $0 >= 0 } ?? false }
  }

  /// Returns the members of an object in order, or nothing for every other value.
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

  /// Returns the elements of an array in order, or nothing for every other value.
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
  /// Returns the value of the named member, the last one if the name is repeated, or `nil`.
  func value(_ name: StaticString, in json: Span<UInt8>) -> JSONValue? {
    for member in reversed() where member.keyEquals(name, in: json) { return member.value }
    return nil
  }
}
