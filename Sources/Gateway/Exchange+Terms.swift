internal import Reactor

/// What an exchange and the gateway say to each other.
extension Exchange {
  /// What the caller gets of it, and what the gateway has to do.
  struct Effects {
    /// Bytes for the client.
    var output: [UInt8] = []
    /// More of them, behind `output`: a large body is not copied behind its head.
    var body = BufferChain()
    /// How the attempt ended, where it did.
    var verdict: Verdict?
    /// Whether another candidate is to be asked; the attempt before it is over.
    var asksNext = false
    /// Set when the exchange is over.
    var end: End?
  }

  /// How an attempt ended, as far as it says something of who was asked.
  struct Verdict: Equatable {
    var outcome: ProviderHealth.Outcome
    /// From the request to its first event, where one came.
    var firstEvent: Duration?
  }

  /// Why nobody is asked at the moment.
  enum Pause: Equatable {
    /// The one that failed is asked again then.
    case retry(at: Duration)
    /// Nobody has room, and nobody may wait longer.
    case queue(until: Duration)
  }

  /// How the client's connection goes on.
  enum End: Equatable {
    case complete
    /// It must break, so that nobody takes the answer for whole.
    case abort
  }

  /// What of a stream came in the present stretch of time.
  struct Pace {
    /// How long a stretch is.
    static let time = Duration.seconds(30)
    var began: Duration
    var bytes = 0
  }

  /// What the head of an upstream's response says.
  struct UpstreamHead {
    var status: Int
    var isJSON = false
    var isHTML = false
    /// Whether the body is compressed, which nobody asked for.
    var isEncoded = false
    /// Bytes of the body, where they were declared.
    var length = 0
    var retryAfter: Int?
    private var hasType = false
    private var hasEncoding = false
    private var hasLength = false

    init(status: Int) { self.status = status }

    /// Reads one field; of those that come twice the first counts.
    mutating func note(_ name: Span<UInt8>, _ value: Span<UInt8>) {
      if !hasType, name.matches("content-type") {
        hasType = true
        isJSON = value.begins("application/json")
        isHTML = value.begins("text/html")
      } else if !hasEncoding, name.matches("content-encoding") {
        hasEncoding = true
        isEncoded = !value.begins("identity")
      } else if !hasLength, name.matches("content-length") {
        hasLength = true
        length = max(0, Int(value.text) ?? 0)
      }
    }
  }

  /// How far the answer has come, seen from the client.
  enum Phase {
    /// Nothing was sent.
    case held
    /// The head is out, and perhaps comments; nothing visible.
    case committed
    /// Visible output is out.
    case visible
    case over
  }

  /// How the present attempt's body is read.
  enum Reading {
    case nothing
    /// As events, one by one.
    case events
    /// As one text, at its end.
    case whole
    /// As the explanation of a status that is not success.
    case refusal
  }
}
