internal import Probe
internal import Reactor

/// The hardware of the machine, as it was last scanned and probed.
///
/// A scan runs on a thread of its own: at the start, and again when a caller asks and the last scan is old. The caller
/// gets what is known, and the next caller something newer. Without requests nothing is scanned, so that devices may
/// sleep.
final class HardwareMonitor {
  /// The age at which a request starts another scan.
  static let ageMax = Duration.seconds(30)
  /// The pause after a throughput was recorded: each one takes a plan.
  static let recordAge = Duration.seconds(1)
  /// Models of which the fit is kept.
  private static let namesMax = 1024

  /// The results of the thread: first those of the kernel, then those of the drivers, too.
  enum Update: Sendable {
    case scanned(Snapshot)
    case probed(Snapshot, DriverProber)
  }

  let updates: Mailbox<Update>
  private(set) var snapshot: Snapshot?
  private var prober: DriverProber
  private let prices: Prices
  private var isScanning = false
  private var scannedAt: Duration?
  private var fitsByModel: [String: Bool] = [:]
  private var recordedAt: Duration?

  init(_ options: DriverProber.Options, prices: Prices) throws(SystemError) {
    updates = try Mailbox(weightMax: 8)
    prober = DriverProber(options)
    self.prices = prices
  }

  /// Starts a scan, unless one runs or the last one is recent.
  func refreshIfStale(now: Duration) {
    if isScanning { return }
    if let scannedAt, now - scannedAt < Self.ageMax { return }
    let (updates, prober, prices) = (updates, prober, prices)
    let seconds = Int(now / .seconds(1))
    isScanning = true
    scannedAt = now
    do throws(SystemError) {
      try Worker.start {
        var prober = prober
        var machine = Machine()
        if let files = SystemFiles() {
          machine = Probe.scan(files)
          updates.post(.scanned(Snapshot(machine, prices: prices)))
          machine = prober.probe(machine, files, now: seconds)
        }
        updates.post(.probed(Snapshot(machine, prices: prices), prober))
      }
    } catch {
      isScanning = false
    }
  }

  /// Takes what the thread has found.
  func take() {
    for update in updates.take() {
      fitsByModel = [:]
      switch update {
      case .scanned(let found): if snapshot == nil { snapshot = found }
      case .probed(var found, let probed):
        if let speed = snapshot?.speed { found.speed = speed }
        snapshot = found
        prober = probed
        isScanning = false
      }
    }
  }

  /// Records the throughput of a provider on this machine: tokens of a stream, and the time from its first event to its
  /// end.
  func recordThroughput(_ model: String, tokens: Int, in time: Duration, now: Duration) {
    if let recordedAt, now - recordedAt < Self.recordAge { return }
    recordedAt = now
    snapshot?.recordThroughput(model, tokens: tokens, seconds: time / .seconds(1))
  }

  /// Whether a model fits on this machine; true if that is unknown.
  func fits(_ model: String) -> Bool {
    if let known = fitsByModel[model] { return known }
    guard let snapshot, model.utf8.count <= 256 else { return true }
    if fitsByModel.count >= Self.namesMax { fitsByModel = [:] }
    let fits = snapshot.fits(model) ?? true
    fitsByModel[model] = fits
    return fits
  }
}
