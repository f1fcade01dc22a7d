import Foundation
import Testing

@testable import Probe

/// Driver processes that misbehave, and the facts that remain.
@Suite(.serialized) struct ChildProcessTests {
  private func probe(
    _ words: [String], _ kind: Fakes.Kind = .nvml, machine name: String = "dgx-a100",
    deadline: Duration = .seconds(10)
  ) throws -> (machine: Machine, time: Duration) {
    let folder = try Fakes.Folder()
    let library = try folder.library(kind, words)
    let recorded = try Recorded(name)
    var prober = DriverProber(try Fakes.options(.nvml, library, deadline: deadline))
    let start = ContinuousClock.now
    let machine = prober.probe(recorded.machine, recorded.files)
    return (machine, ContinuousClock.now - start)
  }

  @Test func `eight devices have all facts that the library reports`() throws {
    let (machine, _) = try probe(["DEVICES=8"])
    #expect(machine.driverProbes.map(\.outcome) == [.answered])
    #expect(machine.devices.count == 8)
    let first = try #require(machine.device("0000:07:00.0"))
    #expect(first.memory == Fact(85_899_345_920 - 671_088_640, .nvml, .exact))
    #expect(first.free?.value == 85_899_345_920 - 671_088_640 - gibibyte)
    #expect(first.architecture?.value == "sm_80")
    #expect(abs((first.bandwidth?.value ?? 0) - 2039) < 1)
    #expect(first.peers.map(\.gigabytesPerSecond) == [150, 150])
    #expect(first.telemetry.watts == 62.5)
    #expect(first.telemetry.busyPercent == 7)
    #expect(first.driverVersion?.value == "550.54.15")
    #expect(machine.usable.count == 8)
  }

  @Test func `partitions are devices, and the partitioned device is excluded`() throws {
    let (machine, _) = try probe(["DEVICES=1", "MIG"], machine: "firecracker-vm")
    #expect(machine.devices.count == 3)
    #expect(machine.usable.count == 2)
    #expect(machine.usable.allSatisfy { $0.memory?.value == 42_412_802_048 && $0.backends == [.cuda] })
    #expect(machine.device("0000:07:00.0")?.exclusion?.contains("2 parts") == true)
  }

  @Test func `a device without its own memory uses the machine's`() throws {
    let (machine, _) = try probe(["DEVICES=1", "UNIFIED"], machine: "firecracker-vm")
    #expect(machine.devices.first?.isUnified == true)
    #expect(machine.devices.first?.memory?.value == machine.memory.total.value)
  }

  @Test func `a lost device is reported, and so are the others`() throws {
    let (machine, _) = try probe(["DEVICES=2", "LOST=1"], machine: "firecracker-vm")
    #expect(machine.usable.count == 1)
    #expect(machine.devices.contains { $0.exclusion?.contains("fallen off the bus") == true })
  }

  @Test(arguments: [
    ("CRASH", "signal 11"), ("ABORT", "signal 6"), ("EXIT", "ended its process with 3"), ("DIES_AT=0", "signal 9"),
  ])
  func `a driver that ends its process does not affect this one`(word: String, how: String) throws {
    let (machine, _) = try probe([word])
    #expect(machine.driverProbes.map(\.outcome) == [.crashed(how)])
    #expect(machine.devices.count == 8)
    #expect(machine.device("0000:07:00.0")?.memory?.confidence == .tabulated)
  }

  @Test func `facts written before a crash are kept`() throws {
    let (machine, _) = try probe(["DEVICES=8", "DIES_AT=3"])
    #expect(machine.devices.filter { $0.memory?.source == .nvml }.count == 3)
  }

  @Test func `a driver that hangs is killed at the deadline`() throws {
    let (machine, time) = try probe(["HANG"], deadline: .milliseconds(300))
    #expect(machine.driverProbes.map(\.outcome) == [.hung])
    #expect(time >= .milliseconds(300))
    #expect(time < .seconds(30))
  }

  @Test func `a driver that prints a megabyte and hangs is killed at the deadline`() throws {
    let (machine, time) = try probe(["CHATTER"], deadline: .milliseconds(500))
    #expect(machine.driverProbes.map(\.outcome) == [.hung])
    #expect(time < .seconds(30))
  }

  @Test func `a driver that never stops printing is killed at the deadline`() throws {
    let (machine, time) = try probe(["ENDLESS"], deadline: .milliseconds(500))
    #expect(machine.driverProbes.map(\.outcome) == [.hung])
    #expect(time < .seconds(30))
  }

  @Test func `a program that cannot be started is reported`() throws {
    let recorded = try Recorded("dgx-a100")
    var options = try Fakes.options(.nvml, "x.so")
    options.program = "/no/such/program"
    var prober = DriverProber(options)
    #expect(
      prober.probe(recorded.machine, recorded.files).driverProbes.map(\.outcome) == [
        .failed("its process could not be started")
      ])
  }

  @Test func `a driver that prints a megabyte before its report is read`() throws {
    let (machine, time) = try probe(["FLOOD", "DEVICES=8"], deadline: .seconds(10))
    #expect(machine.driverProbes.map(\.outcome) == [.answered])
    #expect(machine.driverProbes.first?.devices == 8)
    #expect(time < .seconds(5))
  }

  @Test func `a process that a driver leaves behind does not delay the probe`() throws {
    let (machine, time) = try probe(["FORK"], deadline: .seconds(10))
    #expect(machine.driverProbes.map(\.outcome) == [.answered])
    #expect(time < .seconds(5))
  }

  @Test(arguments: [(9, "not loaded"), (18, "different versions"), (15, "fallen off"), (999, "code 999")])
  func `an error code is reported in words`(code: Int, words: String) throws {
    let (machine, _) = try probe(["CODE=\(code)"])
    guard case .failed(let text)? = machine.driverProbes.first?.outcome else { return #expect(Bool(false)) }
    #expect(text.contains(words))
  }

  @Test func `a missing library, or one without the functions, is unavailable`() throws {
    let (machine, _) = try probe([], .half)
    #expect(machine.driverProbes.map(\.outcome) == [.unavailable("its library lacks the expected functions")])
    let recorded = try Recorded("dgx-a100")
    var prober = DriverProber(try Fakes.options(.nvml, "/no/such/library.so"))
    #expect(
      prober.probe(recorded.machine, recorded.files).driverProbes.map(\.outcome) == [
        .unavailable("its library is not installed")
      ]
    )
  }

  @Test func `a driver that crashed is quarantined for one minute, then two, and probed again`() throws {
    let folder = try Fakes.Folder()
    let recorded = try Recorded("dgx-a100")
    var prober = DriverProber(try Fakes.options(.nvml, try folder.library(.nvml, ["CRASH"])))
    func outcome(_ now: Int) -> DriverProbe.Outcome? {
      prober.probe(recorded.machine, recorded.files, now: now).driverProbes.first?.outcome
    }
    #expect(outcome(0) == .crashed("signal 11"))
    guard case .quarantined? = outcome(59) else { return #expect(Bool(false)) }
    #expect(outcome(60) == .crashed("signal 11"))
    guard case .quarantined? = outcome(179) else { return #expect(Bool(false)) }
    #expect(outcome(180) == .crashed("signal 11"))
  }

  @Test func `a quarantine doubles up to a day, and ends when the driver answers`() {
    var quarantine = DriverQuarantine()
    var now = 0
    for minutes in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440] {
      quarantine.record(.crashed("signal 11"), for: "a", now: now)
      #expect(quarantine.reason(against: "a", now: now + 60 * minutes - 1) != nil)
      #expect(quarantine.reason(against: "a", now: now + 60 * minutes) == nil)
      #expect(quarantine.reason(against: "b", now: now) == nil)
      now += 60 * minutes
    }
    quarantine.record(.answered, for: "a", now: now)
    quarantine.record(.hung, for: "a", now: now)
    #expect(quarantine.reason(against: "a", now: now + 59) == "it hung once; probed again later")
    #expect(quarantine.reason(against: "a", now: now + 60) == nil)
    for outcome in [DriverProbe.Outcome.answered, .unavailable("x"), .failed("x")] {
      quarantine.record(.stuck, for: "a", now: now)
      quarantine.record(outcome, for: "a", now: now)
      #expect(quarantine == DriverQuarantine())
    }
  }

  @Test func `the quarantine applies to the next program too, until it expires or its file is deleted`() throws {
    let folder = try Fakes.Folder()
    let recorded = try Recorded("dgx-a100")
    var options = try Fakes.options(.nvml, try folder.library(.nvml, ["CRASH"]))
    let file = folder.url.appending(path: "below/drivers")
    options.quarantinePath = file.path
    func outcome(_ now: Int) -> DriverProbe.Outcome? {
      var prober = DriverProber(options)
      return prober.probe(recorded.machine, recorded.files, now: now).driverProbes.first?.outcome
    }
    #expect(outcome(1000) == .crashed("signal 11"))
    #expect(outcome(1059) == .quarantined("it crashed once; probed again later"))
    #expect(outcome(1060) == .crashed("signal 11"))
    #expect(outcome(1179) == .quarantined("it crashed 2 times; probed again later"))
    try FileManager.default.removeItem(at: file)
    #expect(outcome(1179) == .crashed("signal 11"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/below") == ["drivers"])
  }

  @Test func `a quarantine is the same after writing and reading, and any other file is empty`() {
    var quarantine = DriverQuarantine()
    quarantine.record(.hung, for: "nvml a b", now: 5)
    quarantine.record(.stuck, for: "vulkan c", now: 5)
    let again = DriverQuarantine(text: quarantine.text)
    #expect(again == quarantine)
    #expect(again.reason(against: "nvml a b", now: 64)?.contains("hung once") == true)
    #expect(again.reason(against: "vulkan c", now: .max)?.contains("until the next boot") == true)
    for text in ["", "x", "1 2 3", "0 9 0 hung a", "99 9 0 hung a", "1 9 0 sang a", "1 x 0 hung a", "\0\u{ff}"] {
      #expect(DriverQuarantine(text: text) == DriverQuarantine())
    }
    let many = String(repeating: "1 99 0 hung a\n", count: 3) + (0..<500).map { "1 99 0 hung \($0)\n" }.joined()
    #expect(DriverQuarantine(text: many).reason(against: "499", now: 0) == nil)
  }

  @Test func `AMD's and Intel's libraries are probed`() throws {
    let folder = try Fakes.Folder()
    let amd = try Recorded("instinct-mi210")
    var prober = DriverProber(try Fakes.options(.rocmSMI, try folder.library(.rocmSMI)))
    let instinct = prober.probe(amd.machine, amd.files).device("0000:83:00.0")
    #expect(instinct?.telemetry.busyPercent == 12)
    #expect(instinct?.memory?.value == 68_702_699_520)
    let intel = try Recorded("arc-b580-xe")
    var second = DriverProber(try Fakes.options(.levelZero, try folder.library(.levelZero)))
    let arc = second.probe(intel.machine, intel.files).device("0000:03:00.0")
    #expect(arc?.memory == Fact(12_884_901_888, .levelZero, .exact))
    #expect(arc?.free?.value == 12_348_030_976)
  }

  @Test func `variables that hide devices apply, and are named`() throws {
    var machine = try Recorded("dgx-a100").machine
    Merge.finish(&machine, environment: ["CUDA_VISIBLE_DEVICES": "1,GPU-00000003,9,2"])
    #expect(
      machine.devices.map { $0.backends.contains(.cuda) } == [false, true, false, true, false, false, false, false])
    #expect(machine.devices[0].advice.contains { $0.contains("CUDA_VISIBLE_DEVICES") })
  }

  @Test func `a report without a valid code is a crash`() {
    for text in ["9223372036854775800", "-9223372036854775808", "x", ""] {
      let report = DriverReport(Array("device 0\nname A\nend \(text)\n".utf8))
      for source in Source.allCases {
        #expect(DriverOutcomes.outcome(report, .exited(0), source) == .crashed("ended its process with 0"))
      }
    }
  }

  @Test func `a report cut anywhere, or of any content, does not crash the parser`() {
    let whole = Array(
      "driver_version 1\ndevice 0\npci 0000:01:00.0\nname A\nheap 1 2 3\npartition 0\nuuid x\nend 0\n".utf8)
    for end in 0...whole.count { _ = DriverReport(Array(whole[..<end])) }
    for text in [
      "device\n\n\n", "end x", "heap -1 -1 -1 -1 -1", String(repeating: "device 1\n", count: 5000),
      "\u{0}\u{1}\u{ff}",
    ] {
      var machine = Machine()
      for source in [Source.nvml, .vulkan, .rocmSMI, .levelZero] {
        Merge.add(DriverReport(Array(text.utf8)), from: source, to: &machine)
      }
      #expect(machine.devices.count <= 4 * DriverReport.devicesMax)
    }
  }
}
