import Testing

@testable import Probe

/// Scans of recorded machines.
@Suite struct MachinesTests {
  @Test(arguments: Recorded.names)
  func `every recorded machine has processors, memory, and devices with names and unique addresses`(name: String)
    throws
  {
    let machine = try Recorded(name).machine
    #expect(machine.processor.threads > 0)
    #expect(machine.processor.cores <= machine.processor.threads)
    #expect(machine.processor.decodeThreads <= machine.processor.cores)
    #expect(machine.memory.total.value > gibibyte)
    #expect(machine.memory.available.value <= machine.memory.total.value)
    #expect(Set(machine.devices.map(\.id)).count == machine.devices.count)
    for device in machine.devices { #expect(!device.name.value.isEmpty) }
    #expect(!Summary.text(machine).isEmpty)
  }

  @Test func `the memory, bandwidth, link, and power of a Radeon come from the kernel and are exact`() throws {
    let device = try #require(try Recorded("radeon-rx7900xtx").machine.device("0000:03:00.0"))
    #expect(device.kind == .discreteGPU)
    #expect(device.memory == Fact(25_753_026_560, .sysfs, .exact))
    #expect(device.free?.value == 25_753_026_560 - 1_465_843_712)
    #expect(device.architecture?.value == "gfx1100")
    #expect(abs((device.bandwidth?.value ?? 0) - 959) < 1)
    #expect(device.link == Device.Link(gigatransfers: 16, lanes: 16, currentGigatransfers: 16))
    #expect(device.backends == [.rocm, .vulkan])
    #expect(device.telemetry.celsius == 53)
    #expect(device.telemetry.watts == 68)
    #expect(device.telemetry.wattsMax == 290)
    #expect(device.renderMinor == 128)
  }

  @Test(arguments: [
    ("radeon-rx580", "0000:01:00.0", 224.0), ("radeon-rx6900xt", "0000:0b:00.0", 512.0),
    ("instinct-mi210", "0000:83:00.0", 1638.4), ("instinct-mi300x-8", "0000:05:00.0", 5324.8),
    ("arc-a380-i915", "0000:0a:00.0", 186.0), ("geforce-rtx4080", "0000:01:00.0", 716.8),
  ])
  func `the bandwidth matches the data sheet`(name: String, address: String, expected: Double) throws {
    let device = try #require(try Recorded(name).machine.device(address))
    #expect(abs((device.bandwidth?.value ?? 0) - expected) < 1)
  }

  @Test func `integrated graphics have their reserved memory and a share of the available memory`()
    throws
  {
    let recorded = try Recorded("ryzen-strix-point")
    let machine = recorded.machine
    let device = try #require(machine.device("0000:c4:00.0"))
    #expect(device.kind == .integratedGPU)
    #expect(device.isUnified)
    #expect(device.memory?.value == 536_870_912 + 16_441_004_032)
    #expect((device.free?.value ?? 0) <= machine.memory.available.value + 536_870_912)
    #expect(
      try Recorded("ryzen-phoenix").machine.device("0000:c1:00.0")?.memory?.value == 4_294_967_296 + 31_407_472_640)
    #expect(try Recorded("radeon-rx7900xtx").machine.device("0000:0f:00.0")?.kind == .integratedGPU)
  }

  @Test func `eight Instincts have their NUMA node, their architecture, and their peers`() throws {
    let machine = try Recorded("instinct-mi300x-8").machine
    #expect(machine.usable.count == 8)
    let first = try #require(machine.device("0000:05:00.0"))
    #expect(first.architecture?.value == "gfx942")
    #expect(first.peers.count == 7)
    #expect(first.peers.allSatisfy { $0.kind == "xgmi" && $0.gigabytesPerSecond == 64 })
    #expect(Set(machine.usable.map(\.hive)).count == 1)
    #expect(first.hive == "9213451562382139968")
    #expect(machine.device("0000:e5:00.0")?.numaNode == 1)
    #expect(machine.processor.numaNodes.map(\.distances) == [[10, 32], [32, 10]])
  }

  @Test func `an Arc has the link of the bridge on its card, and the memory of its PCI window`() throws {
    let device = try #require(try Recorded("arc-a380-i915").machine.device("0000:0a:00.0"))
    #expect(device.link?.gigatransfers == 16)
    #expect(device.link?.lanes == 8)
    #expect(device.memory == Fact(8 * gibibyte, .sysfs, .derived))
    #expect(device.backends == [.levelZero, .vulkan])
  }

  @Test func `Intel's integrated graphics use the machine's memory`() throws {
    let machine = try Recorded("tigerlake-laptop").machine
    let device = try #require(machine.device("0000:00:02.0"))
    #expect(device.kind == .integratedGPU)
    #expect(device.isUnified)
    #expect(device.memory?.confidence == .guessed)
  }

  @Test func `NVIDIA's kernel driver provides the name and the UUID without the library`() throws {
    let device = try #require(try Recorded("geforce-rtx4080").machine.device("0000:01:00.0"))
    #expect(device.name == Fact("NVIDIA GeForce RTX 4080", .procfs, .exact))
    #expect(device.uuid?.value == "6f2d4b1a33c49d1e5a0b77c2f1e0d9a8")
    #expect(device.driverVersion?.value == "550.127.05")
    #expect(device.memory == Fact(16 * gibibyte, .table, .tabulated))
  }

  @Test func `hybrid processors of Intel and Arm decode on their performance cores`() throws {
    let intel = try Recorded("meteor-lake-laptop").machine.processor
    #expect((intel.threads, intel.cores, intel.fastCores) == (22, 16, 6))
    let arm = try Recorded("raspberry-pi-rockchip").machine
    #expect((arm.processor.threads, arm.processor.fastCores) == (8, 4))
    #expect(arm.processor.features.contains("asimddp"))
    #expect(arm.devices.map(\.kind) == [.npu])
  }

  @Test func `huge pages and the firmware's bandwidth are read`() throws {
    let machine = try Recorded("server-with-bmc").machine
    #expect(machine.memory.hugePages == [HugePages(size: gibibyte, count: 8, free: 6)])
    #expect(machine.processor.bandwidth?.value == 307.2)
    #expect(machine.processor.features.contains("amx_int8"))
    #expect(try Recorded("radeon-rx7900xtx").machine.memory.transparentHugePages == "madvise")
  }

  @Test func `display adapters and encryption engines cannot hold models`() throws {
    let machine = try Recorded("server-with-bmc").machine
    #expect(machine.usable.isEmpty)
    #expect(machine.devices.map(\.kind) == [.display])
  }

  @Test func `a virtual machine without devices has no devices`() throws {
    let machine = try Recorded("firecracker-vm").machine
    #expect(machine.devices.isEmpty)
    #expect(machine.environment.isVirtualMachine)
    #expect(Summary.text(machine).contains("no compute devices"))
  }

  @Test func `an empty tree is a valid machine`() throws {
    let machine = try Recorded("").machine
    #expect(machine.processor.threads == 1)
    #expect(machine.devices.isEmpty)
  }

  @Test func `a scan of a large machine is fast`() throws {
    let recorded = try Recorded("instinct-mi300x-8")
    let times = (0..<5).map { _ in
      let start = ContinuousClock.now
      _ = recorded.machine
      return ContinuousClock.now - start
    }
    // Tens of milliseconds in a debug build; only quadratic growth takes seconds.
    #expect(try #require(times.min()) < .seconds(5))
  }

  @Test func `this machine can be scanned`() throws {
    let machine = Probe.scan(try #require(SystemFiles()))
    #expect(machine.processor.threads > 0)
    #expect(machine.memory.total.value > 0)
  }
}
