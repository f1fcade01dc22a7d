/// Checks that the JSON which the gateway wrote or changed is JSON, where it leaves. Only debug builds check, and the fuzz
/// targets; a fault is a bug and traps.
enum OutputCheck {
  /// Checks a whole text.
  @inline(__always)
  static func whole(_ json: Span<UInt8>) {
    #if DEBUG || CHECKED_OUTPUT
      precondition(isJSON(json), "what leaves is no JSON")
    #endif
  }

  /// Checks an edited text, in the fuzz targets alone: its copy would count among the allocations of a request.
  @inline(__always)
  static func edited(_ edits: Splice, _ json: Span<UInt8>) {
    #if CHECKED_OUTPUT
      if !edits.isEmpty { whole(edits.text(of: json).span) }
    #endif
  }

  /// Checks the events, lines, or elements of a stream from an offset on.
  @inline(__always)
  static func stream(_ out: [UInt8], from start: Int, _ endpoint: CallEndpoint) {
    #if DEBUG || CHECKED_OUTPUT
      if endpoint.form == .array { return elements(out.span, from: start) }
      lines(out.span, from: start, areEvents: endpoint.dialect.row.framing == .sse)
    #endif
  }

  private static func lines(_ out: Span<UInt8>, from start: Int, areEvents: Bool) {
    var at = start
    while at < out.count {
      let end = Search.firstIndex(of: UInt8(ascii: "\n"), in: out, from: at) ?? out.count
      if !areEvents {
        precondition(isJSON(out.extracting(at..<end)), "a line that leaves is no JSON")
      } else if out.hasPrefix("data: ", at: at, before: end), !out.hasPrefix("data: [DONE]", at: at, before: end) {
        precondition(isJSON(out.extracting(at + 6..<end)), "an event that leaves is no JSON")
      }
      at = end + 1
    }
  }

  /// The pieces of an array begin with its bracket or a comma, and the last one ends with a bracket.
  private static func elements(_ out: Span<UInt8>, from start: Int) {
    var at = start
    while true {
      at = Scanner.skip(in: out, from: at)
      switch out.byte(at: at) {
      case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","): at += 1
      default:
        if at >= out.count { return }
        do throws(JSONError) {
          at = try Scanner.value(in: out, at: at, depth: 0).end
        } catch {
          precondition(error.kind == .tooDeep, "an element that leaves is no JSON")
          return
        }
      }
    }
  }

  private static func isJSON(_ json: Span<UInt8>) -> Bool {
    do throws(JSONError) {
      _ = try Scanner.whole(json)
      return true
    } catch {
      // A value near the limit may be nested more deeply in another dialect.
      return error.kind == .tooDeep
    }
  }
}
