internal import Reactor

/// One client's connection as the gateway sees it: which request it is at, and how far that has come.
///
/// A class because two worlds name it: the client's events by its id, and its transfer's events by theirs.
final class Connection {
  /// What is awaited.
  enum Phase {
    /// The first byte of a request.
    case idle
    /// The rest of a head.
    case head
    /// The rest of a body.
    case body
    /// An answer.
    case answer
  }

  let id: ClientID
  /// Where the client is; `nil` when its connection has no address.
  let address: IPAddress?
  var phase = Phase.idle
  /// When the phase began.
  var since: Duration

  var reader = HeadReader()
  var request: Arrival?
  var bodyReader: BodyReader?
  var body: [UInt8] = []
  /// Bytes of the body that are counted against the bound of all bodies together.
  var bodyCharge = 0

  var exchange: Exchange?
  var transfer: TransferID?
  /// The exchange's way through its candidates, until something visible is sent, and the one that is asked now.
  var course: RoutePlanBox?
  var choice: Selection?
  /// Its place in the queue.
  var ticket: RequestQueue.ID?
  /// Its last place, once it had its turn.
  var queued: RequestQueue.Waiting?
  /// What it is told of what happens, where it reads events.
  var feed: Gateway.Feed?

  var alarm: TimerID?
  var alarmAt = Duration.zero

  /// Whether the client will send nothing more.
  var hasFinished = false
  /// Whether more than enough output waits for the client.
  var isFull = false
  /// Since when it has read nothing, and how much waited then.
  var fullSince = Duration.zero
  var fullBytes = 0
  /// Whether pipelined requests fill the input.
  var isInputPaused = false
  var served = 0
  /// Whether `advance` is at work on it.
  var isAdvancing = false

  init(_ id: ClientID, _ address: IPAddress?, now: Duration) {
    self.id = id
    self.address = address
    since = now
  }

  func enter(_ phase: Phase, now: Duration) {
    self.phase = phase
    since = now
  }
}

/// A request whose head is accepted: everything that was in it and is needed later.
///
/// A class, because it goes from hand to hand and is too large to be copied each time.
final class Arrival {
  /// `nil` for what was refused before its path was known.
  let endpoint: Endpoint?
  var replyOptions: Reply.Options
  let caller: Caller
  /// The model that the path names, decoded.
  var model = ""
  /// Fields that mean something to a provider of the caller's own dialect, as lines.
  var dialectFields: [String] = []
  /// How urgent it is, where it says so.
  var tier = RequestQueue.Priority.normal
  /// What it belongs together with, where it says so.
  var session: AffinityKey?
  /// When the head was complete.
  let at: Duration
  let bytes: Int

  init(endpoint: Endpoint?, replyOptions: Reply.Options, caller: Caller, at: Duration, bytes: Int) {
    self.endpoint = endpoint
    self.replyOptions = replyOptions
    self.caller = caller
    self.at = at
    self.bytes = bytes
  }
}
