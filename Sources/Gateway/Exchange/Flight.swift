/// An upstream's answer that several exchanges read, each in its own dialect, form, and pace: as it arrives, or a kept one.
///
/// One of the exchanges leads: its attempt brings the answer, and its hold is charged for it. The others follow. The
/// bytes that have arrived are kept until all of them have read them, so that none waits for another.
final class Flight {
  /// Bytes that wait for an exchange that reads too slowly. Beyond it the exchange is cut off.
  static let lagMax = 4 * 1024 * 1024

  /// How the answer ended.
  enum End {
    case complete
    /// The transfer failed.
    case failed(AttemptFailure)

    var failure: AttemptFailure? {
      if case .failed(let failure) = self { failure } else { nil }
    }
  }

  /// The request's identity; `nil` for a kept answer.
  let key: CacheKey?
  /// The exchange whose attempt brings the answer; `nil` once it is over, and for a kept answer.
  var leader: Exchange?
  /// The others, the oldest first.
  var followers: [Exchange] = []
  /// Counts the attempts. The bytes of an earlier one count for nothing.
  private(set) var attempts = 0
  /// The source of the present attempt's answer; `nil` before the first attempt.
  var source: AnswerSource?
  /// The API key of the present attempt, which no exchange may show, and its timeouts.
  private(set) var secret: String?
  private(set) var timeouts: Timeouts?
  private(set) var bytes: [UInt8] = []
  /// Bytes of the answer before `bytes`, which all exchanges have read.
  private(set) var dropped = 0
  var end: End?
  /// Whether another exchange has to lead, and whether one is being found.
  var needsLeader = false
  var isElecting = false
  /// Whether the answer may be kept, or others may join.
  private(set) var isOpen: Bool

  /// The answer to a request that is not known yet.
  init(_ key: CacheKey, leader: Exchange) {
    self.key = key
    self.leader = leader
    isOpen = true
  }

  /// A kept answer.
  init(_ answer: StoredAnswer) {
    key = nil
    source = answer.source
    bytes = answer.body
    end = .complete
    isOpen = false
  }

  /// Another attempt begins.
  func begin(_ source: AnswerSource, secret: String?, _ timeouts: Timeouts) {
    attempts += 1
    self.source = source
    self.secret = secret
    self.timeouts = timeouts
    bytes.removeAll(keepingCapacity: true)
    dropped = 0
    end = nil
  }

  /// Bytes of the answer have arrived.
  func append(_ arrived: Span<UInt8>) { bytes.append(arrived) }

  /// No other exchange joins, and the answer is not kept.
  func close() { isOpen = false }

  /// All exchanges that read it, the leader first.
  var readers: [Exchange] { (leader.map { [$0] } ?? []) + followers }

  /// Returns the position in `bytes` at which an exchange goes on.
  func position(of exchange: Exchange) -> Int { exchange.readOffset - dropped }

  /// Drops what all exchanges have read, unless others may join or the answer is kept.
  func trim() {
    if isOpen || end != nil { return }
    let read = readers.lazy.filter { $0.answer != nil }.map { self.position(of: $0) }.min() ?? 0
    // Not for a few bytes, because the rest is moved.
    if read < 64 * 1024 || read < bytes.count / 2 { return }
    bytes.removeFirst(read)
    dropped += read
  }
}
