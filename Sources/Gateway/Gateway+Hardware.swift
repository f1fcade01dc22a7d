public import Probe
public import Reactor

/// What the machine has, as the gateway last learned it.
///
/// It is looked at on a thread of its own, once at the start and again when somebody asks and it was learned some time
/// ago: who asks gets what is known, and the next one something newer. Without questions nothing is looked at, so that
/// devices may sleep.
final class HardwareWatch {
  /// How old what is known may be when somebody asks.
  static let ageMax = Duration.seconds(30)
  /// How long nothing is learned after something was: it takes a plan each time.
  static let learnAge = Duration.seconds(1)
  /// Names of models of which it is remembered whether they have room.
  private static let namesMax = 1024

  /// What the thread has found: the kernel's part first, then the drivers' too.
  enum Finding: Sendable {
    case looked(Snapshot)
    case asked(Snapshot, DriverProber)
  }

  let findings: Mailbox<Finding>
  private(set) var snapshot: Snapshot?
  private var prober: DriverProber
  private let prices: Prices
  private var isLooking = false
  private var lookedAt: Duration?
  private var rooms: [String: Bool] = [:]
  private var learnedAt: Duration?

  init(_ options: DriverProber.Options, prices: Prices) throws(SystemError) {
    findings = try Mailbox(weightMax: 8)
    prober = DriverProber(options)
    self.prices = prices
  }

  /// Starts to look unless that is done already, or was a moment ago.
  func lookIfOld(now: Duration) {
    if isLooking { return }
    if let lookedAt, now - lookedAt < Self.ageMax { return }
    let (findings, prober, prices) = (findings, prober, prices)
    let seconds = Int(now / .seconds(1))
    isLooking = true
    lookedAt = now
    do throws(SystemError) {
      try Worker.start {
        var prober = prober
        var machine = Machine()
        if let files = SystemFiles() {
          machine = Probe.scan(files)
          findings.post(.looked(Snapshot(machine, prices: prices)))
          machine = prober.probe(machine, files, now: seconds)
        }
        findings.post(.asked(Snapshot(machine, prices: prices), prober))
      }
    } catch {
      isLooking = false
    }
  }

  /// Takes what the thread has found.
  func take() {
    for finding in findings.take() {
      rooms = [:]
      switch finding {
      case .looked(let found): if snapshot == nil { snapshot = found }
      case .asked(var found, let asked):
        if let speed = snapshot?.speed { found.speed = speed }
        snapshot = found
        prober = asked
        isLooking = false
      }
    }
  }

  /// Takes how fast a provider on this machine was: tokens of a stream, and the time from its first event to its end.
  func learn(_ model: String, tokens: Int, in time: Duration, now: Duration) {
    if let learnedAt, now - learnedAt < Self.learnAge { return }
    learnedAt = now
    snapshot?.recordThroughput(model, tokens: tokens, seconds: time / .seconds(1))
  }

  /// Whether a model has room on this machine; true when that is not known.
  func hasRoom(for model: String) -> Bool {
    if let known = rooms[model] { return known }
    guard let snapshot, model.utf8.count <= 256 else { return true }
    if rooms.count >= Self.namesMax { rooms = [:] }
    let room = snapshot.fits(model) ?? true
    rooms[model] = room
    return room
  }
}

/// `/v1/hardware` and what is below it.
extension Gateway {
  /// Learns what the machine has, now and whenever somebody asks.
  public func watchHardware(_ options: DriverProber.Options, prices: Prices = .builtIn) throws(SystemError) {
    let watch = try HardwareWatch(options, prices: prices)
    try reactor.watch(watch.findings)
    watch.lookIfOld(now: reactor.now)
    hardware = watch
  }

  func replyHardware(_ connection: Connection, _ question: HardwareAPI.Endpoint) {
    let options = connection.request?.replyOptions
    hardware?.lookIfOld(now: reactor.now)
    guard let snapshot = hardware?.snapshot else {
      return refuse(
        connection, APIError(503, .overloaded, "What the machine has is not known yet; ask again.", retryAfter: 1),
        options)
    }
    switch HardwareAPI.answer(question, connection.body, snapshot) {
    case .json(let body): reply(connection, 200, body + [0x0a])
    case .refused(let message, let param):
      refuse(connection, APIError(400, .invalidValue, message, param: param), options)
    }
  }
}
