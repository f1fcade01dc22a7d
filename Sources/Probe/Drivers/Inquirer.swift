internal import Glibc

/// Lets the drivers of a machine speak, each in a process of its own, all at once, within a deadline.
///
/// What crashed or hung is remembered and left alone for a while: longer each time, and until the next start of the
/// machine when it could not be ended. Everything else about it is a value, so it belongs to the thread that asks.
public struct Inquirer: Sendable {
  /// How the drivers are asked.
  public struct Options: Sendable {
    /// The program that a driver's process runs, which calls `DriverChild.runIfMeant` first. This program itself
    /// unless it is said.
    public var program = "/proc/self/exe"
    /// How long a driver may take.
    public var deadline = Duration.seconds(2)
    /// Libraries to open instead of the usual ones.
    public var libraries: [Source: String] = [:]
    /// Folders of Vulkan's manifests instead of the usual ones.
    public var manifestFolders: [String]?
    /// Whether drivers are asked for whose maker no device was seen: software rasterisers.
    public var asksEveryDriver = false
    /// A file in which it is remembered which drivers crashed or hung, so that the next program leaves them alone too;
    /// nil for this value's own memory alone.
    public var memory: String?
    /// The variables that the drivers may see; those that mean something to them are passed on.
    public var environment: [String: String] = [:]

    public init() {}
  }

  public var options: Options
  /// What became of earlier inquiries.
  public var grudges = Grudges()
  private var stuck: [pid_t] = []

  public init(_ options: Options = Options()) { self.options = options }

  /// Asks every driver that has something to do with the machine. `now` is in seconds since the machine's start.
  public mutating func ask(_ machine: Machine, _ root: Root, now: Int = sinceStart()) -> Machine {
    reapStuck()
    if let kept = options.memory.flatMap({ GrudgeFile(path: $0).read() }) { grudges = kept }
    let before = grudges
    var machine = machine
    var questions: [Question] = []
    for question in Questions(root: root, options: options).about(machine) {
      if let reason = grudges.reason(against: question.key, now: now) {
        machine.inquiries.append(
          Inquiry(source: question.source, outcome: .avoided(reason), milliseconds: 0, devices: 0))
      } else {
        questions.append(question)
      }
    }
    let answers = gather(questions)
    for question in questions where !answers.contains(where: { $0.question.order == question.order }) {
      machine.inquiries.append(
        Inquiry(
          source: question.source, outcome: .failed("its process cannot be started"), milliseconds: 0, devices: 0))
    }
    for answer in answers {
      let outcome = Outcomes.judge(answer.report, answer.end, answer.question.source)
      grudges.note(outcome, about: answer.question.key, now: now)
      if answer.end == .stuck { stuck.append(answer.process) }
      machine.inquiries.append(
        Inquiry(
          source: answer.question.source, outcome: outcome, milliseconds: answer.milliseconds,
          devices: answer.report.devices.count))
      Merge.add(answer.report, from: answer.question.source, to: &machine)
    }
    if let path = options.memory, grudges != before { GrudgeFile(path: path).write(grudges) }
    Merge.finish(&machine, environment: options.environment)
    return machine
  }

  /// Seconds since the machine's start, as every program on it counts them.
  public static func sinceStart() -> Int {
    var time = timespec()
    return unsafe clock_gettime(CLOCK_MONOTONIC, &time) == 0 ? Int(time.tv_sec) : 0
  }

  /// A driver's answer.
  private struct Answer {
    var question: Question
    var report: Report
    var end: Child.End
    var process: pid_t
    var milliseconds: Double
  }

  /// Starts all, empties all pipes as they fill, ends what is late.
  private func gather(_ questions: [Question]) -> [Answer] {
    let clock = ContinuousClock()
    let began = clock.now
    var answers: [Answer] = []
    var running: [Running] = []
    for question in questions {
      guard
        let child = Child.start(
          options.program,
          arguments: [DriverChild.word, question.source.rawValue, question.library, "\(getpid())"],
          environment: question.environment)
      else { continue }
      running.append(Running(question: question, child: child))
    }
    while !running.isEmpty {
      let isLate = clock.now - began >= options.deadline
      for each in running {
        each.child.drain()
        if isLate { each.child.kill(waiting: 100) }
        guard each.child.hasEnded(), let end = each.child.end else { continue }
        each.child.drain()
        answers.append(
          Answer(
            question: each.question, report: Report(each.child.report), end: end, process: each.child.process,
            milliseconds: (clock.now - began) / .microseconds(1) / 1000))
      }
      running.removeAll { $0.child.end != nil }
      Self.wait(running, atMost: options.deadline - (clock.now - began))
    }
    // In the order of the questions, whoever was the fastest.
    return answers.sorted { $0.question.order < $1.question.order }
  }

  /// A child in a list: it cannot be copied.
  private final class Running {
    let question: Question
    var child: Child

    init(question: Question, child: consuming Child) {
      self.question = question
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
