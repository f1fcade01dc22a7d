internal import Glibc

/// Probes the vendor drivers of a machine: each in a child process, all concurrently, with a deadline.
///
/// A driver that crashes or hangs is quarantined, longer each time. One whose process cannot be killed is
/// quarantined until the next boot. A prober is a value and belongs to one thread.
public struct DriverProber: Sendable {
  /// How drivers are probed.
  public struct Options: Sendable {
    /// The program that child processes run; it must call `DriverProcess.runIfRequested` first. Defaults to this
    /// program.
    public var program = "/proc/self/exe"
    /// The time that a driver may take.
    public var deadline = Duration.seconds(2)
    /// Libraries that replace the default ones.
    public var libraries: [Source: String] = [:]
    /// Folders of Vulkan manifests that replace the default ones.
    public var manifestFolders: [String]?
    /// Whether every Vulkan driver is probed, including software renderers and those without a device.
    public var probesEveryDriver = false
    /// The file that stores the quarantine for later runs; `nil` to keep it only in memory.
    public var quarantinePath: String?
    /// The environment. Only variables that drivers use are passed on.
    public var environment: [String: String] = [:]

    public init() {}
  }

  public var options: Options
  /// The drivers in quarantine.
  public var quarantine = DriverQuarantine()
  private var stuck: [pid_t] = []

  public init(_ options: Options = Options()) { self.options = options }

  /// Probes every driver that has a device on the machine, and returns the machine with the reports merged in.
  /// `now` is in seconds since boot.
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
          source: query.source, outcome: .failed("its process could not be started"), milliseconds: 0, devices: 0))
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

  /// Returns the seconds since boot (`CLOCK_MONOTONIC`).
  public static func sinceStart() -> Int {
    var time = timespec()
    return unsafe clock_gettime(CLOCK_MONOTONIC, &time) == 0 ? Int(time.tv_sec) : 0
  }

  /// The end of one driver's process, with its report.
  private struct Result {
    var query: DriverQuery
    var report: DriverReport
    var end: ChildProcess.End
    var process: pid_t
    var milliseconds: Double
  }

  /// Starts all processes, reads their pipes, and kills those that miss the deadline.
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
    // In the order of the queries, not of completion.
    return results.sorted { $0.query.order < $1.query.order }
  }

  /// A running process; a class, because `ChildProcess` cannot be copied into an array.
  private final class Running {
    let query: DriverQuery
    var child: ChildProcess

    init(query: DriverQuery, child: consuming ChildProcess) {
      self.query = query
      self.child = child
    }
  }

  /// Waits until a pipe is readable. A process that has closed its pipes is about to exit, so the wait is short
  /// then.
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

  /// Collects stuck processes that have ended since.
  private mutating func reapStuck() {
    stuck.removeAll { process in
      var status: Int32 = 0
      return unsafe waitpid(process, &status, WNOHANG) != 0
    }
  }
}
