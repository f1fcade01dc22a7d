/// The progress of an answer, and a filter that gives writers a complete sequence of events.
///
/// Upstreams omit beginnings and ends, and repeat some events. Writers receive `began` once and first, arguments only
/// for open tool calls, an end for every tool call, one `finished`, and nothing visible after it.
struct AnswerSequencer {
  private(set) var counts = TokenCounts()
  private(set) var textBytes = 0
  private(set) var hasCalls = false
  private(set) var isFinished = false
  private(set) var hasBegun = false
  /// The open tool calls, in the order in which they began.
  private(set) var open: [Int] = []

  /// The most tool calls that may be open concurrently.
  private static let openMax = 256
  /// The most items of one answer: texts, thoughts, tool calls, and images. Writers hold them or number them.
  static let itemsMax = 8192

  private enum Item { case none, text, thinking, other }

  private var items = 0
  private var sources = 0
  private var lastItem = Item.none

  /// Updates the progress and returns whether the writer receives the event.
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
    case .text(let text), .refusal(let text):
      textBytes += text.count
      try count(.text)
      return !isFinished
    case .thinking(let text):
      textBytes += text.count
      try count(.thinking)
      return !isFinished
    case .signature, .logprobs: return !isFinished
    case .citation:
      sources += 1
      return sources <= Self.itemsMax && !isFinished
    case .redactedThinking, .image:
      try count(.other)
      return !isFinished
    case .callBegan(let call, _, _):
      if isFinished || open.contains(call) { return false }
      guard open.count < Self.openMax else { throw .malformed("it has over \(Self.openMax) open tool calls") }
      try count(.other)
      open.append(call)
      hasCalls = true
      return true
    case .arguments(let call, let text):
      textBytes += text.count
      return open.contains(call)
    case .callEnded(let call):
      guard let position = open.firstIndex(of: call) else { return false }
      open.remove(at: position)
      return true
    }
  }

  /// Counts an item where one begins.
  private mutating func count(_ item: Item) throws(AttemptFailure) {
    if item == lastItem, item != .other { return }
    lastItem = item
    items += 1
    if items > Self.itemsMax { throw .malformed("it has over \(Self.itemsMax) items") }
  }

  /// The token counts from the upstream, or `nil` if it sent none.
  var usage: Usage? { counts.usage }

  /// Returns the token counts for the caller, estimated where the upstream sent none.
  func counts(promptBytes: Int) -> TokenCounts {
    let estimate = Usage.estimated(promptBytes: promptBytes, completionBytes: textBytes)
    var all = TokenCounts(prompt: estimate.prompt, completion: estimate.completion)
    all.merge(counts)
    return all
  }
}

extension ChatEvent {
  /// Whether the event is visible output.
  var isVisible: Bool {
    switch self {
    case .text(let text), .refusal(let text), .thinking(let text): !text.isEmpty
    case .redactedThinking, .image, .callBegan, .arguments, .finished: true
    case .began, .signature, .citation, .logprobs, .callEnded, .usage, .failed, .ended: false
    }
  }
}
