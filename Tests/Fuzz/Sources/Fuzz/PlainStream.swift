@testable import Gateway

/// Checks the framing of a stream that a caller receives, and the JSON in it, byte by byte.
enum PlainStream {
  /// Checks a stream from its first byte to its end.
  static func check(_ out: [UInt8], for call: CallEndpoint, isTranslated: Bool) {
    if out.isEmpty { return }
    if call.form == .array {
      let elements = json(out)?.elements
      expect(elements?.allSatisfy { $0.entries != nil } == true, "a stream is an array of objects: \(out.shown)")
    } else {
      expect(out.last == UInt8(ascii: "\n"), "the last line has its end: \(out.shown)")
      let lines = out.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      if call.dialect == .ollama {
        for line in lines { checkObject(Array(line)) }
      } else {
        checkEvents(lines.map { Array($0) }, of: call, isTranslated: isTranslated)
      }
    }
  }

  /// Checks server-sent events: each is an optional name, one line of data, and an empty line.
  private static func checkEvents(_ lines: [[UInt8]], of call: CallEndpoint, isTranslated: Bool) {
    var (name, data): ([UInt8]?, [UInt8]?)
    var isDone = false
    for var line in lines {
      // Gemini's lines end with CR LF.
      if call.dialect == .gemini {
        expect(line.popLast() == UInt8(ascii: "\r") || !isTranslated, "a line ends like the others: \(line.shown)")
      }
      expect(!line.contains(UInt8(ascii: "\r")), "a line has no other line end: \(line.shown)")
      expect(!isDone, "nothing follows the end")
      if line.isEmpty {
        guard let event = data else { fail("an event has data") }
        if event.elementsEqual("[DONE]".utf8) {
          expect(call.dialect == .openAI && name == nil, "this dialect has no [DONE]")
          isDone = true
        } else {
          let type = checkObject(event)["type"]?.text
          expect(!isTranslated || name == nil || name == type, "an event is named for its type: \(event.shown)")
        }
        (name, data) = (nil, nil)
      } else if line.starts(with: "event: ".utf8) {
        expect(name == nil && data == nil, "an event has one name, before its data")
        name = Array(line.dropFirst(7))
      } else {
        expect(line.starts(with: "data: ".utf8) && data == nil, "an event has one line of data: \(line.shown)")
        data = Array(line.dropFirst(6))
      }
    }
    expect(name == nil && data == nil, "the last event has its end")
  }

  @discardableResult
  private static func checkObject(_ text: [UInt8]) -> PlainJSON {
    guard let object = json(text), object.entries != nil else { fail("data are an object: \(text.shown)") }
    return object
  }

  /// Returns the tree of a text that hoosh wrote, or `nil` if it is invalid.
  ///
  /// What was near the limit of nesting in one dialect may be nested more deeply in another.
  static func json(_ text: [UInt8]) -> PlainJSON? { PlainJSON.read(text, deeper: 16) }
}
