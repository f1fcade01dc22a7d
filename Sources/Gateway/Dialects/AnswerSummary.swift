/// How an upstream's complete answer came to its end.
struct AnswerSummary {
  private var reasons: [FinishReason] = []
  private var hasCalls = false

  /// Reads a whole answer, or a complete stream; `nil` if it is neither.
  init?(_ body: Span<UInt8>, from dialect: Dialect) {
    do throws(AttemptFailure) {
      var pieces = try EventText.pieces(body, in: dialect)
      if pieces == nil, dialect.row.framing == .ndjson {
        // One line of a stream looks like a whole answer, and may be the first of several.
        var line: [UInt8] = []
        line.append(body)
        pieces = [line]
      }
      if let pieces {
        var reader = AnswerReader(dialect)
        for data in pieces where !data.span.trimmed.isEmpty {
          var events: [ChatEvent] = []
          try reader.read(data.span.trimmed, into: &events)
          take(events)
        }
      } else {
        take(try dialect.row.readAnswer(body))
      }
    } catch {
      return nil
    }
  }

  private mutating func take(_ events: [ChatEvent]) {
    for event in events {
      switch event {
      case .finished(let reason): reasons.append(reason)
      case .callBegan: hasCalls = true
      default: break
      }
    }
  }

  /// Whether the model came to its own end, not that of a limit or a filter.
  func isWhole(withCalls: Bool) -> Bool {
    !reasons.isEmpty && (withCalls || !hasCalls)
      && reasons.allSatisfy { $0 == .stop || withCalls && $0 == .toolCalls }
  }
}
