import Testing

@testable import Probe

/// Regression tests for defects of an earlier program. The one about a full pipe is in `ChildProcessTests`, and
/// those of the planner are in `PlannerTests`.
@Suite struct DefectsTests {
  @Test func `a Vulkan device has the memory of its heaps, not a constant`() throws {
    let report = DriverReport(
      Array(
        "device 0\nname A\ntype 2\napi 1.3\nstorage16 1\npci 0000:01:00.0\nheap 25753026560 20000000000 1 1 0\n"
          .utf8))
    var machine = Machine()
    Merge.add(report, from: .vulkan, to: &machine)
    #expect(machine.devices.first?.memory?.value == 25_753_026_560)
    #expect(machine.devices.first?.free?.value == 20_000_000_000)
  }

  @Test func `a software renderer is listed but not used`() {
    var machine = Machine()
    Merge.add(
      DriverReport(Array("device 0\nname llvmpipe\ntype 4\ndriver_id 13\nheap 2147483648 0 0 1 1\nend 0\n".utf8)),
      from: .vulkan,
      to: &machine)
    #expect(machine.devices.map(\.kind) == [.softwareRenderer])
    #expect(machine.usable.isEmpty)
    #expect(MemoryBudget(machine).devices.isEmpty)
  }

  @Test func `an Arc next to a GeForce is still listed`() throws {
    let machine = try Recorded("arc-and-geforce").machine
    #expect(machine.usable.map(\.vendor) == ["NVIDIA", "Intel"])
  }

  @Test func `a card in three drivers' reports is one device with three backends`() throws {
    var machine = try Recorded("arc-and-geforce").machine
    Merge.add(
      DriverReport(Array("device 0\npci 0000:4a:00.0\nname Arc\nmemory_total 17000000000\n".utf8)),
      from: .levelZero,
      to: &machine)
    Merge.add(
      DriverReport(
        Array(
          """
          device 0
          name Intel(R) Arc(tm) A770 Graphics (DG2)
          type 2
          api 1.3
          storage16 1
          render 129
          heap 16225243136 16000000000 1 1 0
          device 1
          name NVIDIA GeForce RTX 3090
          type 2
          api 1.3
          storage16 1
          uuid 123456789abcdef0123456789abcdef0
          heap 25769803776 25000000000 1 1 0

          """.utf8)), from: .vulkan, to: &machine)
    Merge.add(
      DriverReport(
        Array(
          "device 0\npci 00000000:21:00.0\nuuid GPU-12345678-9abc-def0-1234-56789abcdef0\nname NVIDIA GeForce RTX 3090\nmemory_total 25300000000\nmemory_free 25000000000\n"
            .utf8)),
      from: .nvml, to: &machine)
    #expect(machine.devices.count == 2)
    let arc = try #require(machine.device("0000:4a:00.0"))
    #expect(arc.memory == Fact(17_000_000_000, .levelZero, .exact))
    #expect(arc.vulkan != nil)
    let geforce = try #require(machine.device("0000:21:00.0"))
    #expect(geforce.backends == [.cuda, .vulkan])
    #expect(geforce.memory == Fact(25_300_000_000, .nvml, .exact))
  }

  @Test func `NPUs are found by their kernel driver, and use the machine's memory`() throws {
    for (name, address) in [
      ("meteor-lake-laptop", "0000:00:0b.0"), ("ryzen-strix-point", "0000:c5:00.1"),
      ("ryzen-phoenix", "0000:c2:00.1"),
    ] {
      let machine = try Recorded(name).machine
      let npu = try #require(machine.device(address))
      #expect(npu.kind == .npu)
      #expect(npu.memory == nil)
      #expect(!npu.isUsable)
    }
  }

  @Test func `another vendor's accel node is not a TPU, and a TPU bound to vfio is one`() throws {
    let gaudi = try Recorded("gaudi2").machine
    #expect(gaudi.devices.allSatisfy { $0.kind == .asic && $0.backends == [.gaudi] })
    #expect(gaudi.usable.count == 1)
    #expect(gaudi.devices.contains { $0.exclusion?.contains("in_reset") == true })
    let tpu = try Recorded("cloud-tpu-v5e").machine
    #expect(tpu.devices.count == 4)
    #expect(
      tpu.devices.allSatisfy { $0.kind == .tpu && $0.name.value == "TPU v5e" && $0.memory?.value == 16 * gibibyte })
    let trainium = try Recorded("trainium").machine
    #expect(trainium.usable.count == 4)
    #expect(trainium.environment.cloud == "aws")
  }

  @Test func `the link is the fastest one, not the current one of an idle device`() throws {
    let link = try #require(try Recorded("geforce-rtx4080").machine.device("0000:01:00.0")?.link)
    #expect(link.gigatransfers == 16)
    #expect(link.currentGigatransfers == 5)
    #expect(abs(link.gigabytesPerSecond - 31.5) < 0.1)
  }

  @Test func `a slow slot limits the link`() throws {
    let link = try #require(try Recorded("arc-and-geforce").machine.device("0000:21:00.0")?.link)
    #expect(link.gigatransfers == 8)
    #expect(link.lanes == 8)
  }

  @Test(arguments: [
    (0x10de, 0x2782, "GeForce RTX 4070 Ti"), (0x10de, 0x2786, "GeForce RTX 4070"), (0x10de, 0x2324, "H800"),
    (0x10de, 0x20b0, "A100 SXM4 40GB"), (0x10de, 0x20b2, "A100 SXM4 80GB"), (0x10de, 0x20b5, "A100 PCIe 80GB"),
    (0x1002, 0x7448, "Radeon Pro W7900"), (0x1002, 0x7480, "Radeon RX 7600"), (0x1002, 0x7470, "Radeon Pro W7700"),
    (0x1002, 0x7460, "Radeon Pro V710"), (0x1002, 0x7408, "Instinct MI250X"), (0x8086, 0x56a1, "Arc A750"),
    (0x8086, 0x56a5, "Arc A380"), (0x8086, 0x5690, "Arc A770M"), (0x8086, 0x56c0, "Data Center GPU Flex 170"),
    (0x1002, 0x1638, "Cezanne Radeon Graphics"), (0x1002, 0x164e, "Raphael Radeon Graphics"),
    (0x1002, 0x74a1, "Instinct MI300X"), (0x1002, 0x74b5, "Instinct MI300X VF"),
    (0x1002, 0x747e, "Radeon RX 7700 XT/7800 XT"),
  ])
  func `the table matches the PCI ID Repository`(vendor: Int, device: Int, name: String) {
    #expect(DeviceTable.find(vendor: vendor, device: device)?.name == name)
  }

  @Test func `the table contains each PCI ID once`() {
    #expect(Set(DeviceTable.rows.map(\.identity)).count == DeviceTable.rows.count)
  }

  @Test func `device memory that is also a NUMA node is counted once`() throws {
    let machine = try Recorded("grace-hopper").machine
    #expect(machine.memory.installed == 480 * gibibyte)
    #expect(machine.memory.distant == 95 * gibibyte)
    #expect(machine.device("0009:01:00.0")?.numaNode == 1)
  }

  @Test func `every port of every network adapter is listed`() throws {
    let ports = try Recorded("instinct-mi300x-8").machine.fabric
    #expect(ports.count == 4)
    #expect(ports.filter(\.isActive).count == 3)
    #expect(ports.contains { $0.port == 2 && $0.layer == "Ethernet" && $0.gigabitsPerSecond == 400 })
  }

  @Test func `a sleeping device is not woken by any read`() throws {
    let recorded = try Recorded("optimus-laptop-asleep")
    recorded.files.record()
    let machine = recorded.machine
    let nvidia = try #require(machine.device("0000:01:00.0"))
    #expect(nvidia.isAsleep)
    #expect(nvidia.uuid == nil)
    #expect(nvidia.memory?.confidence == .tabulated)
    let read = try #require(recorded.files.recording).map(\.path)
    for address in ["0000:01:00.0", "0000:02:00.0"] {
      for file in ["hwmon", "resource", "mem_info", "pp_dpm", "gpu_busy", "unique_id", "current_compute"] {
        #expect(!read.contains { $0.contains(address) && $0.contains(file) }, "\(file) of \(address)")
      }
    }
    // No driver that would wake it is probed either.
    #expect(
      DriverQueries(files: recorded.files, options: DriverProber.Options()).queries(for: machine).allSatisfy {
        $0.source != .nvml
      })
  }

  @Test func `a vendor's driver is not probed while one of its devices sleeps`() throws {
    var machine = try Recorded("dgx-a100").machine
    #expect(machine.probeable.count == 8)
    machine.devices[3].isAsleep = true
    #expect(machine.probeable.isEmpty)
    let mixed = try Recorded("optimus-laptop-asleep").machine
    #expect(mixed.probeable.map(\.vendor) == ["Intel"])
  }

  @Test func `a missing permission is reported with a remedy`() throws {
    let recorded = try Recorded("radeon-rx7900xtx")
    recorded.files.closed = ["dev/dri/renderD128", "dev/kfd"]
    let device = try #require(recorded.machine.device("0000:03:00.0"))
    #expect(device.exclusion?.contains("add the user to group render") == true)
    #expect(
      Planner.plan(NamedModel.model("llama 8b", parameters: 8e9), on: MemoryBudget(recorded.machine)).reasons
        .contains {
          $0.contains("group render")
        })
  }

  @Test func `a less trusted driver fills in missing free memory, but does not replace total memory`() {
    var machine = Machine()
    var device = Device(kind: .discreteGPU, vendor: "AMD", name: Fact("A", .sysfs, .exact))
    device.address = PCIAddress("0000:01:00.0")
    device.memory = Fact(16 << 30, .sysfs, .exact)
    machine.devices = [device]
    for (free, kept) in [(9_000_000_000, 9_000_000_000), (5_000_000_000, 9_000_000_000)] {
      Merge.add(
        DriverReport(
          Array(
            "device 0\nname A\ntype 2\napi 1.3\nstorage16 1\npci 0000:01:00.0\nheap 15000000000 \(free) 1 1 0\nend 0\n"
              .utf8)),
        from: .vulkan, to: &machine)
      #expect(machine.devices.count == 1)
      #expect(machine.devices[0].memory?.value == 16 << 30)
      #expect(machine.devices[0].free?.value == kept)
    }
  }

  @Test func `a part of a device has its share of the bandwidth`() {
    var machine = Machine()
    var device = Device(kind: .discreteGPU, vendor: "NVIDIA", name: Fact("A", .sysfs, .exact))
    device.address = PCIAddress("0000:01:00.0")
    device.memory = Fact(80_000_000_000, .nvml, .exact)
    device.bandwidth = Fact(2000, .table, .tabulated)
    device.partitions = [("a", 40_000_000_000), ("b", 10_000_000_000), ("c", 90_000_000_000)].map {
      Device.Partition(uuid: "MIG-\($0.0)", name: "", memory: $0.1, free: $0.1)
    }
    machine.devices = [device]
    Merge.finish(&machine, environment: [:])
    #expect(machine.usable.map(\.bandwidth?.value) == [1000, 250, 2000])
  }

  @Test func `of two facts the more reliable one counts, and of equal ones the first`() {
    let levels = [Confidence.guessed, .tabulated, .derived, .reported, .exact]
    for (first, one) in levels.enumerated() {
      for (second, other) in levels.enumerated() {
        let better = Fact.better(Fact(1, .sysfs, one), Fact(2, .nvml, other))
        #expect(better?.value == (second > first ? 2 : 1))
      }
      #expect(Fact.better(Fact(1, .sysfs, one), nil)?.value == 1)
      #expect(Fact.better(nil, Fact(2, .sysfs, one))?.value == 2)
    }
  }
}
