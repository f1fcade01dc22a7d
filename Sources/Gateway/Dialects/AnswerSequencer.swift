/// How far an answer has come by its events, and what of them a writer may see.
///
/// Upstreams forget beginnings and ends, and say some things twice. Writers see `began` once and first, arguments only
/// of calls that are open, every call's end, one `finished`, and nothing visible behind it.
struct AnswerSequencer {
  private(set) var counts = TokenCounts()
  private(set) var textBytes = 0
  private(set) var hasCalls = false
  private(set) var isFinished = false
  private(set) var hasBegun = false
  /// Calls that have begun and not ended, in their order.
  private(set) var open: [Int] = []

  /// Calls that may be open at once.
  private static let openMax = 256

  /// Whether the event may be passed on.
  mutating func takes(_ event: ChatEvent, _ json: Span<UInt8>) throws(AttemptFailure) -> Bool {
    switch event {
    case .began:
      defer { hasBegun = true }
      return !hasBegun
    case .usage(let later):
      counts.merge(later)
      return true
    case .finished:
      defer { isFinished = true }
      return !isFinished
    case .failed(let error): throw .error(error)
    case .ended: return false
    case .text(let text), .thinking(let text):
      textBytes += text.count
      return !isFinished
    case .signature, .redactedThinking, .image: return !isFinished
    case .callBegan(let call, _, _):
      if isFinished || open.contains(call) { return false }
      guard open.count < Self.openMax else { throw .malformed("it has over \(Self.openMax) calls open") }
      open.append(call)
      hasCalls = true
      return true
    case .arguments(let call, let text):
      textBytes += text.count
      return open.contains(call)
    case .callEnded(let call):
      guard let place = open.firstIndex(of: call) else { return false }
      open.remove(at: place)
      return true
    }
  }

  /// What the upstream said of tokens; `nil` when it said nothing.
  var usage: Usage? {
    if counts.prompt == nil, counts.completion == nil { return nil }
    return Usage(prompt: counts.prompt ?? 0, completion: counts.completion ?? 0, source: .reported)
  }

  /// The tokens to tell a caller: those that were counted, else an estimate.
  func counts(promptBytes: Int) -> TokenCounts {
    let estimate = Usage.estimated(promptBytes: promptBytes, completionBytes: textBytes)
    var all = TokenCounts(prompt: estimate.prompt, completion: estimate.completion)
    all.merge(counts)
    return all
  }
}

extension ChatEvent {
  /// Whether a person would see it.
  var isVisible: Bool {
    switch self {
    case .text(let text), .thinking(let text): !text.isEmpty
    case .redactedThinking, .image, .callBegan, .arguments, .finished: true
    case .began, .signature, .callEnded, .usage, .failed, .ended: false
    }
  }
}
