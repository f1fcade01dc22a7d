@testable import Gateway

/// JSON in place: scanner, cursors, splices, and the writer. Four bytes select the edits; the text follows.
enum JSONTarget {
  static func run(_ input: Span<UInt8>) {
    guard input.count >= 4 else { return }
    let json = input.behind(4)
    let text = json.array
    checkSearch(json, from: min(Int(input[0] & 63), json.count))
    checkWriter(json)

    let plain = PlainJSON.read(text)
    do throws(JSONError) {
      let value = try Scanner.whole(json)
      _ = try Scanner.whole(json)
      guard let plain else { fail("the scanner takes what is not JSON: \(text.shown)") }
      walk(value, plain, depth: 0, json)
      guard let entries = plain.entries else { return }
      checkKeys(entries, json)
      for index in 0..<3 { splice(entries, json, operations: input[index + 1], seed: input[0]) }
    } catch {
      expect(plain == nil, "the scanner refuses JSON: \(text.shown) \(error)")
      expect((0...json.count).contains(error.offset), "a fault lies inside the text")
      expect(!error.description.isEmpty, "a fault has words")
    }
  }

  /// Compares one value and everything in it.
  private static func walk(_ value: JSONValue, _ plain: PlainJSON, depth: Int, _ json: Span<UInt8>) {
    expect(json.holds(value.slice), "a value lies inside the text")
    switch plain {
    case .object(let entries):
      expect(value.kind == .object && Int(value.elements) == entries.count, "an object")
      var index = 0
      let end = eachMember(value, depth: depth + 1, json) { member in
        let entry = entries[index]
        expect(json.holds(member.key) && json.bytes(member.key).array == entry.key, "a key")
        expect(member.keyHasEscapes == entry.key.contains(0x5c), "a key's escapes")
        expect(Array(member.name(in: json).utf8) == entry.name, "a key's name")
        expect(member.keyEquals("model", in: json) == (entry.name == Array("model".utf8)), "a key compared")
        walk(member.value, entry.value, depth: depth + 1, json)
        index += 1
      }
      expect(index == entries.count && end == value.end, "all members, to the brace")
    case .array(let elements):
      expect(value.kind == .array && Int(value.elements) == elements.count, "an array")
      var index = 0
      do throws(JSONError) {
        var cursor = try ArrayCursor(in: json, at: Int(value.slice.start), depth: depth + 1)
        while let element = try cursor.next(in: json) {
          walk(element, elements[index], depth: depth + 1, json)
          index += 1
        }
        expect(index == elements.count && cursor.offset == value.end, "all elements, to the bracket")
      } catch {
        fail("an array is valid once and not twice: \(error)")
      }
    case .string(let raw):
      expect(value.kind == .string && value.hasEscapes == raw.contains(0x5c), "a string")
      let text = PlainJSON.unescaped(raw)
      expect(value.string(in: json).map { Array($0.utf8) } == text, "a string reads the same")
      expect(text.count <= Int(value.slice.count), "a string has its bound")
      expect(value.equals("model", in: json) == (text == Array("model".utf8)), "a string compared")
    case .number(let raw):
      expect(value.kind == .number && json.bytes(value.slice).array == raw, "a number")
      expect(value.integer(in: json) == Int64(String(decoding: raw, as: UTF8.self)), "an integer: \(raw.shown)")
      if let double = value.double(in: json) { expect(double.isFinite, "a finite number") }
    case .word(let word):
      expect(json.bytes(value.slice).text == word, "a word")
      expect(value.bool == (word == "true" ? true : word == "false" ? false : nil), "a Boolean")
    }
  }

  /// Calls `use` with every member of a valid object. Returns the offset after it.
  private static func eachMember(
    _ value: JSONValue, depth: Int, _ json: Span<UInt8>, _ use: (Member) -> Void
  ) -> Int {
    do throws(JSONError) {
      var cursor = try MemberCursor(in: json, at: Int(value.slice.start), depth: depth)
      while let member = try cursor.next(in: json) { use(member) }
      return cursor.offset
    } catch {
      fail("an object is valid once and not twice: \(error)")
    }
  }

  /// Checks that two spellings of one key are detected as duplicates, and other keys are not.
  private static func checkKeys(_ entries: [PlainJSON.Entry], _ json: Span<UInt8>) {
    let isFine = PlainJSON.areUnique(entries) && entries.count <= ObjectCursor.membersMax
    do throws(JSONError) {
      var members = try Scanner.root(json)
      while try members.next(in: json) != nil {}
      expect(isFine, "a key may be there once")
    } catch {
      expect(!isFine, "different keys are taken for the same: \(error)")
      expect(error.kind == .duplicateKey || error.kind == .tooManyMembers, "nothing else is wrong")
    }
  }

  /// Changes members of the outermost object and of its objects, and compares the result with the expected one.
  private static func splice(_ entries: [PlainJSON.Entry], _ json: Span<UInt8>, operations: UInt8, seed: UInt8) {
    var edits = Splice()
    var expected: [PlainJSON.Entry] = []
    var index = 0
    guard let root = try? Scanner.whole(json) else { return }
    _ = eachMember(root, depth: 1, json) { member in
      var entry = entries[index]
      // Depending on the byte, neighbors are treated alike or differently.
      let operation = (Int(operations) >> (index & 3)) % 5
      index += 1
      switch operation {
      case 0: edits.remove(member)
      case 1:
        edits.replace(member, with: "[1]".utf8.span)
        entry.value = .array([.number([0x31])])
      case 2:
        edits.replace(member, with: "\u{e9}\"")
        entry.value = .string(Array("\u{e9}\\\"".utf8))
      case 3 where member.value.kind == .object:
        edits.insert("n", "null".utf8.span, intoObjectAt: Int(member.value.slice.start))
        entry.value = .object([PlainJSON.entry("n", .word("null"))] + (entry.value.entries ?? []))
      default: break
      }
      if operation != 0 { expected.append(entry) }
    }
    for place in 0..<Int(seed & 3) {
      edits.insert("i", "\(place)".utf8.span, intoObjectAt: Int(root.slice.start))
      expected.insert(PlainJSON.entry("i", .number([0x30 + UInt8(place)])), at: place)
    }
    var out: [UInt8] = seed & 4 == 0 ? [] : [0x78]
    let prefix = out.count
    edits.apply(to: json, into: &out)
    let spliced = Array(out[prefix...])
    expect(PlainJSON.read(spliced) == .object(expected), "a splice changes what it names: \(spliced.shown)")
    if edits.isEmpty { expect(spliced == json.array, "no change is no change") }
  }

  private static func checkWriter(_ text: Span<UInt8>) {
    var out: [UInt8] = []
    Writer.append(string: text, to: &out)
    expect(out.count <= 6 * text.count + 2, "an escaped text has its bound")
    expect(PlainJSON.read(out)?.text == Array(text.text.utf8), "a written string reads as the text")
  }

  private static func checkSearch(_ bytes: Span<UInt8>, from offset: Int) {
    var (line, plain, quote) = (bytes.count, bytes.count, bytes.count)
    for index in (offset..<bytes.count).reversed() {
      let byte = bytes[index]
      if byte == 0x0a || byte == 0x0d { line = index }
      if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5c { plain = index }
      if byte == 0x22 { quote = index }
    }
    expect(Search.endOfLine(in: bytes, from: offset) == line, "the end of a line")
    expect(Search.endOfPlainText(in: bytes, from: offset) == plain, "the end of plain text")
    expect(Search.index(of: 0x22, in: bytes, from: offset) == quote, "a byte")
  }
}
