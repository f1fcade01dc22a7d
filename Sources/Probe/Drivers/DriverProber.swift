internal import Glibc

/// Lets the drivers of a machine speak, each in a process of its own, all at once, within a deadline.
///
/// What crashed or hung is remembered and left alone for a while: longer each time, and until the next start of the
/// machine when it could not be ended. Everything else about it is a value, so it belongs to the thread that asks.
public struct DriverProber: Sendable {
  /// How the drivers are asked.
  public struct Options: Sendable {
    /// The program that a driver's process runs, which calls `DriverProcess.runIfRequested` first. This program itself
    /// unless it is said.
    public var program = "/proc/self/exe"
    /// How long a driver may take.
    public var deadline = Duration.seconds(2)
    /// Libraries to open instead of the usual ones.
    public var libraries: [Source: String] = [:]
    /// Folders of Vulkan's manifests instead of the usual ones.
    public var manifestFolders: [String]?
    /// Whether drivers are asked for whose maker no device was seen: software rasterisers.
    public var probesEveryDriver = false
    /// A file in which it is remembered which drivers crashed or hung, so that the next program leaves them alone too;
    /// nil for this value's own memory alone.
    public var quarantinePath: String?
    /// The variables that the drivers may see; those that mean something to them are passed on.
    public var environment: [String: String] = [:]

    public init() {}
  }

  public var options: Options
  /// What became of earlier inquiries.
  public var quarantine = DriverQuarantine()
  private var stuck: [pid_t] = []

  public init(_ options: Options = Options()) { self.options = options }

  /// Asks every driver that has something to do with the machine. `now` is in seconds since the machine's start.
  public mutating func probe(_ machine: Machine, _ files: SystemFiles, now: Int = sinceStart()) -> Machine {
    reapStuck()
    if let kept = options.quarantinePath.flatMap({ QuarantineFile(path: $0).read() }) { quarantine = kept }
    let before = quarantine
    var machine = machine
    var queries: [DriverQuery] = []
    for query in DriverQueries(files: files, options: options).queries(for: machine) {
      if let reason = quarantine.reason(against: query.key, now: now) {
        machine.driverProbes.append(
          DriverProbe(source: query.source, outcome: .quarantined(reason), milliseconds: 0, devices: 0))
      } else {
        queries.append(query)
      }
    }
    let results = gather(queries)
    for query in queries where !results.contains(where: { $0.query.order == query.order }) {
      machine.driverProbes.append(
        DriverProbe(
          source: query.source, outcome: .failed("its process cannot be started"), milliseconds: 0, devices: 0))
    }
    for result in results {
      let outcome = DriverOutcomes.outcome(result.report, result.end, result.query.source)
      quarantine.record(outcome, for: result.query.key, now: now)
      if result.end == .stuck { stuck.append(result.process) }
      machine.driverProbes.append(
        DriverProbe(
          source: result.query.source, outcome: outcome, milliseconds: result.milliseconds,
          devices: result.report.devices.count))
      Merge.add(result.report, from: result.query.source, to: &machine)
    }
    if let path = options.quarantinePath, quarantine != before { QuarantineFile(path: path).write(quarantine) }
    Merge.finish(&machine, environment: options.environment)
    return machine
  }

  /// Seconds since the machine's start, as every program on it counts them.
  public static func sinceStart() -> Int {
    var time = timespec()
    return unsafe clock_gettime(CLOCK_MONOTONIC, &time) == 0 ? Int(time.tv_sec) : 0
  }

  /// A driver's answer.
  private struct Result {
    var query: DriverQuery
    var report: DriverReport
    var end: ChildProcess.End
    var process: pid_t
    var milliseconds: Double
  }

  /// Starts all, empties all pipes as they fill, ends what is late.
  private func gather(_ queries: [DriverQuery]) -> [Result] {
    let clock = ContinuousClock()
    let began = clock.now
    var results: [Result] = []
    var running: [Running] = []
    for query in queries {
      guard
        let child = ChildProcess.start(
          options.program,
          arguments: [DriverProcess.argument, query.source.rawValue, query.library, "\(getpid())"],
          environment: query.environment)
      else { continue }
      running.append(Running(query: query, child: child))
    }
    while !running.isEmpty {
      let isLate = clock.now - began >= options.deadline
      for each in running {
        each.child.drain()
        if isLate { each.child.kill(waiting: 100) }
        guard each.child.hasEnded(), let end = each.child.end else { continue }
        each.child.drain()
        results.append(
          Result(
            query: each.query, report: DriverReport(each.child.report), end: end, process: each.child.process,
            milliseconds: (clock.now - began) / .microseconds(1) / 1000))
      }
      running.removeAll { $0.child.end != nil }
      Self.wait(running, atMost: options.deadline - (clock.now - began))
    }
    // In the order of the queries, whoever was the fastest.
    return results.sorted { $0.query.order < $1.query.order }
  }

  /// A child in a list: it cannot be copied.
  private final class Running {
    let query: DriverQuery
    var child: ChildProcess

    init(query: DriverQuery, child: consuming ChildProcess) {
      self.query = query
      self.child = child
    }
  }

  /// Sleeps until a pipe has something or ends; a process whose pipes have ended is about to end itself.
  private static func wait(_ running: [Running], atMost time: Duration) {
    var polls: [pollfd] = []
    var isEnding = false
    for each in running {
      for descriptor in [each.child.reports, each.child.texts] where descriptor >= 0 {
        polls.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
      }
      if each.child.reports < 0 { isEnding = true }
    }
    let milliseconds = max(0, min(isEnding ? 1 : 20, Int(time / .milliseconds(1)) + 1))
    _ = unsafe poll(&polls, nfds_t(polls.count), Int32(running.isEmpty ? 0 : milliseconds))
  }

  /// Processes that could not be ended may have ended since.
  private mutating func reapStuck() {
    stuck.removeAll { process in
      var status: Int32 = 0
      return unsafe waitpid(process, &status, WNOHANG) != 0
    }
  }
}
