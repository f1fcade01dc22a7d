/// Changes to a JSON text: what they do not name stays as it is, byte for byte.
///
/// Changes may be noted in any order; they must not overlap, and none may lie inside a member that is removed.
/// That, and members that are not of the text, are errors of the program. Commas are settled by `apply`, so
/// members that stand side by side may go together, and all of them may go while others come.
public struct Splice: Sendable {
  private enum Change {
    /// The range becomes the replacement.
    case replace
    /// The range is the empty one behind an opening brace, and the replacement a member for it.
    case insert
    /// The range is a member, which goes with a comma.
    case remove
  }

  private struct Edit {
    var range: Range<Int>
    var change: Change
    /// Where the replacement is in `bytes`.
    var text: Range<Int>
  }

  private var edits: [Edit] = []
  /// All replacements, one behind the other.
  private var bytes: [UInt8] = []

  public init() {}

  /// Whether nothing changes.
  public var isEmpty: Bool { edits.isEmpty }

  /// Forgets all changes and keeps the memory.
  public mutating func removeAll() {
    edits.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Puts `text` where `slice` is; an empty slice is a place between two bytes.
  public mutating func replace(_ slice: Slice, with text: Span<UInt8>) {
    let start = bytes.count
    bytes.append(text)
    note(.replace, slice.range, textFrom: start)
  }

  /// Gives the member the value that `text` is.
  public mutating func replace(_ member: Member, with text: Span<UInt8>) {
    replace(member.value.slice, with: text)
  }

  /// Gives the member the string `text`, which is escaped here.
  public mutating func replace(_ member: Member, with text: String) {
    let start = bytes.count
    Writer.append(text, to: &bytes)
    note(.replace, member.value.slice.range, textFrom: start)
  }

  /// Adds a member in front of all others of the object whose brace is at `brace`; `value` is JSON.
  ///
  /// Of several for the same object, the first one noted comes first.
  public mutating func insert(_ key: String, _ value: Span<UInt8>, intoObjectAt brace: Int) {
    let start = bytes.count
    Writer.append(key, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(value)
    note(.insert, brace + 1..<brace + 1, textFrom: start)
  }

  /// Takes the member away, with exactly one comma where there is one.
  public mutating func remove(_ member: Member) {
    note(.remove, Int(member.key.start) - 1..<member.value.end, textFrom: bytes.count)
  }

  /// Appends the changed text to `out`.
  public func apply(to json: Span<UInt8>, into out: inout [UInt8]) {
    // Exactly as much is right for an empty one; a growing one must double, or each change copies all before it.
    if out.isEmpty { out.reserveCapacity(json.count + bytes.count + edits.count) }
    var copied = 0
    for index in edits.indices {
      let (range, needsComma) = settle(index, copied: copied, in: json)
      out.append(json.extracting(copied..<range.lowerBound))
      out.append(bytes.span.extracting(edits[index].text))
      if needsComma { out.append(UInt8(ascii: ",")) }
      copied = range.upperBound
    }
    out.append(json.extracting(copied...))
  }

  /// The changed text, as a copy.
  func text(of json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    apply(to: json, into: &out)
    return out
  }

  /// A part of a changed text: a range of the text as it was, or bytes that came.
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

  /// The changed text in pieces, so that what stays need not be copied.
  func pieces(of json: Span<UInt8>) -> [Piece] {
    var out: [Piece] = []
    var copied = 0
    for index in edits.indices {
      let (range, needsComma) = settle(index, copied: copied, in: json)
      out.append(.kept(copied..<range.lowerBound))
      out.append(.added(bytes[edits[index].text] + (needsComma ? [UInt8(ascii: ",")] : [])))
      copied = range.upperBound
    }
    out.append(.kept(copied..<json.count))
    return out
  }

  /// What a change comes to when everything before `copied` is done: the bytes that go, and whether a comma comes.
  private func settle(
    _ index: Int, copied: Int, in json: Span<UInt8>
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

  /// Keeps the edits in the order of their places. At the same place what is put between two bytes comes before
  /// what takes bytes away, and otherwise the order is that of noting.
  private mutating func note(_ change: Change, _ range: Range<Int>, textFrom start: Int) {
    let edit = Edit(range: range, change: change, text: start..<bytes.count)
    var place = edits.count
    while place > 0 {
      let other = edits[place - 1].range
      if other.lowerBound < range.lowerBound { break }
      if other.lowerBound == range.lowerBound, other.isEmpty || !range.isEmpty { break }
      place -= 1
    }
    edits.insert(edit, at: place)
  }

  /// The member's range with the comma in front of it; with the one behind it when that in front is gone
  /// already or there is none.
  private func withComma(_ member: Range<Int>, copied: Int, in json: Span<UInt8>) -> Range<Int> {
    var before = member.lowerBound
    while before > copied, json[before - 1].isSpace { before -= 1 }
    if before > copied, json[before - 1] == UInt8(ascii: ",") { return before - 1..<member.upperBound }
    let behind = Scanner.skip(in: json, from: member.upperBound)
    if json.byte(at: behind) == UInt8(ascii: ",") { return member.lowerBound..<behind + 1 }
    return member
  }

  /// Whether anything will stand behind the inserted member in its object.
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
  /// Whether it is whitespace to JSON (RFC 8259 section 2).
  fileprivate var isSpace: Bool { self == 0x20 || self == 0x0a || self == 0x0d || self == 0x09 }
}
