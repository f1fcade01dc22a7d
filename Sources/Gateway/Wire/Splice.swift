/// A list of changes to a JSON text that leave all other bytes as they are.
///
/// Changes may be added in any order. They must not overlap, and none may be inside a removed member; both are bugs of the
/// caller. `apply` adds and removes commas as needed, so that any set of members can be removed while others are inserted.
public struct Splice: Sendable {
  private enum Change {
    /// Replaces the range.
    case replace
    /// Inserts a member at the empty range after an opening brace.
    case insert
    /// Removes the range, which is a member, and one comma.
    case remove
  }

  private struct Edit {
    var range: Range<Int>
    var change: Change
    /// The range of the replacement in `bytes`.
    var text: Range<Int>
  }

  private var edits: [Edit] = []
  /// All replacements, one after another.
  private var bytes: [UInt8] = []

  public init() {}

  /// Whether there are no changes.
  public var isEmpty: Bool { edits.isEmpty }

  /// Removes all changes and keeps the capacity.
  public mutating func removeAll() {
    edits.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Replaces `slice` by `text`. An empty slice is a position between two bytes.
  public mutating func replace(_ slice: Slice, with text: Span<UInt8>) {
    let start = bytes.count
    bytes.append(text)
    note(.replace, slice.range, textFrom: start)
  }

  /// Replaces the member's value by `text`, which is JSON.
  public mutating func replace(_ member: Member, with text: Span<UInt8>) {
    replace(member.value.slice, with: text)
  }

  /// Replaces the member's value by the string `text`, and escapes it.
  public mutating func replace(_ member: Member, with text: String) {
    let start = bytes.count
    Writer.append(text, to: &bytes)
    note(.replace, member.value.slice.range, textFrom: start)
  }

  /// Inserts a member before all others of the object whose brace is at `brace`. `value` is JSON.
  ///
  /// Several members for the same object keep the order in which they are added.
  public mutating func insert(_ key: String, _ value: Span<UInt8>, intoObjectAt brace: Int) {
    let start = bytes.count
    Writer.append(key, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(value)
    note(.insert, brace + 1..<brace + 1, textFrom: start)
  }

  /// Removes the member, and one comma if there is one.
  public mutating func remove(_ member: Member) {
    note(.remove, Int(member.key.start) - 1..<member.value.end, textFrom: bytes.count)
  }

  /// Appends the changed text to `out`.
  public func apply(to json: Span<UInt8>, into out: inout [UInt8]) {
    // An exact capacity suits an empty array. One that grows must double, or each change would copy all before it.
    if out.isEmpty { out.reserveCapacity(json.count + bytes.count + edits.count) }
    var copied = 0
    for index in edits.indices {
      let (range, needsComma) = effect(of: index, copied: copied, in: json)
      out.append(json.extracting(copied..<range.lowerBound))
      out.append(bytes.span.extracting(edits[index].text))
      if needsComma { out.append(UInt8(ascii: ",")) }
      copied = range.upperBound
    }
    out.append(json.extracting(copied...))
  }

  /// Returns the changed text.
  func text(of json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    apply(to: json, into: &out)
    return out
  }

  /// A part of the changed text: a range of the original text, or new bytes.
  enum Piece {
    case kept(Range<Int>)
    case added([UInt8])

    /// Bytes of the part.
    var count: Int {
      switch self {
      case .kept(let range): range.count
      case .added(let bytes): bytes.count
      }
    }
  }

  /// Returns the changed text in pieces, so that unchanged ranges need no copy.
  func pieces(of json: Span<UInt8>) -> [Piece] {
    var out: [Piece] = []
    var copied = 0
    for index in edits.indices {
      let (range, needsComma) = effect(of: index, copied: copied, in: json)
      out.append(.kept(copied..<range.lowerBound))
      out.append(.added(bytes[edits[index].text] + (needsComma ? [UInt8(ascii: ",")] : [])))
      copied = range.upperBound
    }
    out.append(.kept(copied..<json.count))
    return out
  }

  /// Returns the bytes that a change removes, and whether it adds a comma, if everything before `copied` is applied.
  private func effect(
    of index: Int, copied: Int, in json: Span<UInt8>
  ) -> (range: Range<Int>, needsComma: Bool) {
    var range = edits[index].range
    var needsComma = false
    switch edits[index].change {
    case .replace: break
    case .insert: needsComma = isFollowed(index, in: json)
    case .remove: range = withComma(range, copied: copied, in: json)
    }
    precondition(range.lowerBound >= copied, "changes overlap")
    return (range, needsComma)
  }

  /// Adds a change, in the order of positions. At the same position, an insertion comes before a removal; otherwise the
  /// changes keep the order in which they are added.
  private mutating func note(_ change: Change, _ range: Range<Int>, textFrom start: Int) {
    let edit = Edit(range: range, change: change, text: start..<bytes.count)
    var index = edits.count
    while index > 0 {
      let other = edits[index - 1].range
      if other.lowerBound < range.lowerBound { break }
      if other.lowerBound == range.lowerBound, other.isEmpty || !range.isEmpty { break }
      index -= 1
    }
    edits.insert(edit, at: index)
  }

  /// Returns the member's range with the comma before it, or with the one after it if the one before it is already
  /// removed or does not exist.
  private func withComma(_ member: Range<Int>, copied: Int, in json: Span<UInt8>) -> Range<Int> {
    var before = member.lowerBound
    while before > copied, json[before - 1].isSpace { before -= 1 }
    if before > copied, json[before - 1] == UInt8(ascii: ",") { return before - 1..<member.upperBound }
    let after = Scanner.skip(in: json, from: member.upperBound)
    if json.byte(at: after) == UInt8(ascii: ",") { return member.lowerBound..<after + 1 }
    return member
  }

  /// Returns whether another member will follow the inserted one in its object.
  private func isFollowed(_ index: Int, in json: Span<UInt8>) -> Bool {
    var at = Scanner.skip(in: json, from: edits[index].range.lowerBound)
    for edit in edits[(index + 1)...] {
      if edit.change == .insert, edit.range == edits[index].range { return true }
      guard edit.change == .remove, edit.range.lowerBound == at else { break }
      at = Scanner.skip(in: json, from: edit.range.upperBound)
      if json.byte(at: at) == UInt8(ascii: ",") { at = Scanner.skip(in: json, from: at + 1) }
    }
    return json.byte(at: at) != UInt8(ascii: "}")
  }
}

extension UInt8 {
  /// Whether the byte is JSON whitespace (RFC 8259, section 2).
  fileprivate var isSpace: Bool { self == 0x20 || self == 0x0a || self == 0x0d || self == 0x09 }
}
