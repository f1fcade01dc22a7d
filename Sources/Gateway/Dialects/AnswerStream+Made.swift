/// Non-streaming answers in the form that the caller wants.
extension AnswerStream {
  /// An answer in the caller's dialect.
  enum Made: Sendable {
    /// The body of a response.
    case whole(EditedText, Usage?)
    /// The events of a stream, complete.
    case events([UInt8])
  }

  /// Converts a complete answer; `whole` is the text that `json` is, if it can be shared instead of copied. Bytes that are
  /// not UTF-8 become U+FFFD.
  mutating func make(
    _ json: Span<UInt8>, of whole: [UInt8]?, streams: Bool
  ) throws(AttemptFailure) -> Made {
    do throws(AttemptFailure) {
      return try makeValid(json, of: whole, streams: streams)
    } catch {
      guard case .malformed = error, let mended = UTF8Text.mended(json) else { throw error }
      return try makeValid(mended.span, of: mended, streams: streams)
    }
  }

  private mutating func makeValid(
    _ json: Span<UInt8>, of whole: [UInt8]?, streams: Bool
  ) throws(AttemptFailure) -> Made {
    if streams {
      var events: [UInt8] = []
      try restream(json, into: &events)
      return .events(events)
    }
    let (found, usage) = try self.whole(json)
    switch found {
    case .owned(let owned): return .whole(EditedText(owned), usage)
    case .edited(let edits):
      return .whole(whole.map { EditedText($0, changedBy: edits) } ?? EditedText(edits.text(of: json)), usage)
    }
  }
}
