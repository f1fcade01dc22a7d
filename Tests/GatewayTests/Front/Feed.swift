import HTTPText

@testable import Gateway

/// The result of reading the first request from the bytes of a connection.
enum Verdict: Equatable {
  case incomplete
  case rejectedHead(HeadError)
  case rejectedBody(BodyError)
  /// The head, the body, and the offset of the next request.
  case request(RequestHead, body: [UInt8], end: Int)

  /// The response to a request that is rejected.
  var apiError: APIError? {
    switch self {
    case .rejectedHead(let error): error.apiError
    case .rejectedBody(let error): error.apiError
    case .incomplete, .request: nil
    }
  }
}

/// A connection whose bytes arrive in pieces.
struct Feed {
  private var head = HeadReader()
  private var request: RequestHead?
  private var body: BodyReader?
  private var collected: [UInt8] = []
  private var consumed = 0

  /// Reads the bytes up to `end` that have not been read.
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
        return .rejectedHead(error)
      }
    }
    guard let request else { return .incomplete }
    do throws(BodyError) {
      let progress = try body!.read(span.extracting(consumed..<end), into: &collected)
      consumed += progress.consumed
      return progress.isComplete ? .request(request, body: collected, end: consumed) : .incomplete
    } catch {
      return .rejectedBody(error)
    }
  }

  /// Returns the first verdict on bytes that arrive in pieces, which end at `ends`.
  static func verdict(_ bytes: [UInt8], cutAt ends: some Sequence<Int>) -> Verdict {
    var feed = Feed()
    for end in ends {
      let verdict = feed.read(bytes, to: end)
      if verdict != .incomplete { return verdict }
    }
    return .incomplete
  }

  /// Returns the verdict on bytes that arrive together.
  static func verdict(_ bytes: [UInt8]) -> Verdict { verdict(bytes, cutAt: [bytes.count]) }

  /// Returns the verdict on bytes that arrive one by one.
  static func verdictByteByByte(_ bytes: [UInt8]) -> Verdict { verdict(bytes, cutAt: 0...bytes.count) }
}
