internal import Reactor

/// HTTP towards one client: the request that is being read or answered, and how its output is read.
///
/// A class because two tables refer to it: the connections by its client, and the waiting lists of endpoints.
final class Connection {
  /// The input or output that the connection waits for.
  enum Phase {
    /// The first byte of a request.
    case idle
    /// The rest of a head.
    case head
    /// The rest of a body.
    case body
    /// The response.
    case response
  }

  let id: ClientID
  /// The client's address; `nil` on a socket without addresses.
  let address: IPAddress?
  /// A number that tells callers without API keys apart, by their addresses.
  private(set) lazy var addressKey = Caller.anonymous.queueKey(address: address?.network.bytes)
  /// Whether the client has connected to the listener for administration.
  let isAdministration: Bool
  private(set) var phase = Phase.idle
  /// When the phase began.
  private(set) var since: Duration

  var reader = HeadReader()
  /// The request that is being read or answered; `nil` once it has its record.
  var request: AcceptedRequest?
  var bodyReader: BodyReader?
  var body: [UInt8] = []
  /// Bytes of the body that count towards the limit of all bodies together.
  var bodyCharge = 0
  /// Bytes of the body that count towards its caller's share of them, and the caller.
  var share: (bytes: Int, caller: Int)?
  /// Bytes of the exchange that count towards the memory limit, beside the body.
  var exchangeCharge = 0
  /// Bytes of the body that were there when its present period began.
  private(set) var bytesBefore = 0

  /// The job on a thread that the request waits for.
  var job: LargeWork.Job?
  /// The call that is being answered, if the request is one.
  var exchange: Exchange?
  /// The events that are being sent, if the request subscribed to them.
  var subscription: EventSubscription?

  var timer: TimerID?
  var timerAt = Duration.zero

  /// Whether the client will send nothing more.
  var isInputClosed = false
  /// Whether the output that waits for the client is above the high-water mark.
  var isAboveHighWater = false
  /// Since when the client has read nothing, and how much waited then.
  var aboveHighWaterSince = Duration.zero
  var bytesAtHighWater = 0
  /// Whether pipelined requests fill the input.
  var isInputPaused = false
  /// Requests that were read completely, or rejected.
  var served = 0
  /// Whether the gateway reads and answers its requests at the moment.
  var isServing = false

  init(_ id: ClientID, _ address: IPAddress?, isAdministration: Bool = false, now: Duration) {
    self.id = id
    self.isAdministration = isAdministration
    self.address = address
    since = now
  }

  /// Whether a caller with an API key uses the connection.
  private(set) var isKnown = false
  /// The caller whose share of memory the connection uses; `nil` for one that has no share.
  private(set) var shareHolder: Int?

  /// The head of a request is accepted.
  func accepted(_ request: AcceptedRequest) {
    self.request = request
    if request.caller.id != nil { isKnown = true }
    // A request that is rejected before its caller is known does not take the connection from its caller.
    if request.caller.id != nil || shareHolder == nil { shareHolder = shareHolder(request) }
  }

  /// The caller whose share of bodies and memory a request uses. `nil` for programs of this machine without API keys,
  /// because nothing tells them apart.
  func shareHolder(_ request: AcceptedRequest) -> Int? {
    request.caller.id == nil && isOfThisMachine ? nil : callerKey(request)
  }

  /// Whether the client is a program of this machine, as far as its address says.
  var isOfThisMachine: Bool { address?.isLoopback ?? true }

  /// A number that tells callers apart: by their API keys, or by their addresses without one.
  func callerKey(_ request: AcceptedRequest) -> Int {
    request.caller.id == nil ? addressKey : request.caller.queueKey(address: nil)
  }

  /// The number under which exchanges and tables refer to it.
  var number: UInt64 { id.bits }

  func enter(_ phase: Phase, now: Duration) {
    self.phase = phase
    since = now
    bytesBefore = 0
  }

  /// Begins another period in which the body must grow.
  func continueBody(now: Duration) {
    since = now
    bytesBefore = body.count
  }

  /// Something was sent that keeps the response alive.
  func keepAlive(now: Duration) { since = now }
}

/// A request whose head is accepted: the parts of it that are needed later.
///
/// A class, because it goes from hand to hand and is too large to be copied each time.
final class AcceptedRequest {
  /// `nil` for a request that has no endpoint.
  let endpoint: Endpoint?
  /// The endpoint's name, or the path of a request without one.
  let path: String
  var options: Reply.Options
  let caller: Caller
  /// The model in the path, decoded.
  var model = ""
  /// Fields that mean something to a provider of the caller's own dialect, as lines.
  var dialectFields: [String] = []
  var priority = RequestQueue.Priority.normal
  /// Whether the caller's key was revoked after the head was accepted.
  var isRevoked = false
  /// The header fields that a preflight asks for, as names in a list.
  var requestedFields: String?
  /// The gateways that it has passed through before this one.
  var hops = 0
  /// The session that the request belongs to, if it names one.
  var session: AffinityKey?
  /// The caller's directives for the cache, and the part of it that the caller names.
  var cacheDirectives = CacheDirectives()
  var cacheNamespace: [UInt8] = []
  /// When the head was complete.
  let at: Duration
  /// Bytes of the head.
  let bytes: Int

  init(endpoint: Endpoint?, path: String, options: Reply.Options, caller: Caller, at: Duration, bytes: Int) {
    self.endpoint = endpoint
    self.path = path
    self.options = options
    self.caller = caller
    self.at = at
    self.bytes = bytes
  }
}
