@testable import Gateway

/// What comes of bytes on a connection, as far as the first request reaches.
enum Verdict: Equatable {
  case incomplete
  case refusedHead(HeadError)
  case refusedBody(BodyError)
  /// The head, the body, and where the next request begins.
  case request(RequestHead, body: [UInt8], end: Int)

  /// The answer of a refusal.
  var apiError: APIError? {
    switch self {
    case .refusedHead(let fault): fault.apiError
    case .refusedBody(let fault): fault.apiError
    case .incomplete, .request: nil
    }
  }
}

/// One connection of which the bytes come in pieces.
struct Feed {
  private var head = HeadReader()
  private var request: RequestHead?
  private var body: BodyReader?
  private var collected: [UInt8] = []
  private var consumed = 0

  /// Reads what came up to `end`; everything before it was given already.
  mutating func read(_ bytes: [UInt8], to end: Int) -> Verdict {
    let span = bytes.span.extracting(0..<end)
    if request == nil {
      do throws(HeadError) {
        guard let head = try head.read(span) else { return .incomplete }
        request = head
        consumed = head.byteCount
        body =
          head.method == .get || head.method == .head
          ? BodyReader(discarding: head.framing)
          : BodyReader(framing: head.framing, bytesMax: Rows.bodyBytesMax)
      } catch {
        return .refusedHead(error)
      }
    }
    guard let request else { return .incomplete }
    do throws(BodyError) {
      let progress = try body!.read(span.extracting(consumed..<end), into: &collected)
      consumed += progress.consumed
      return progress.isComplete ? .request(request, body: collected, end: consumed) : .incomplete
    } catch {
      return .refusedBody(error)
    }
  }

  /// The verdict on bytes that come in pieces which end at `ends`, as soon as there is one.
  static func verdict(_ bytes: [UInt8], cutAt ends: some Sequence<Int>) -> Verdict {
    var feed = Feed()
    for end in ends {
      let verdict = feed.read(bytes, to: end)
      if verdict != .incomplete { return verdict }
    }
    return .incomplete
  }

  /// The verdict on bytes that come at once.
  static func verdict(_ bytes: [UInt8]) -> Verdict { verdict(bytes, cutAt: [bytes.count]) }

  /// The verdict on bytes that come one by one.
  static func verdictByteByByte(_ bytes: [UInt8]) -> Verdict { verdict(bytes, cutAt: 0...bytes.count) }
}
