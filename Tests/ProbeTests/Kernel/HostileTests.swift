import Foundation
import Gateway
import Testing

@testable import Probe

/// Kernel files with unexpected contents.
@Suite struct HostileTests {
  private static let device = """
    sys/bus/pci/devices/0000:01:00.0/class = 0x030000
    sys/bus/pci/devices/0000:01:00.0/vendor = 0x1002
    sys/bus/pci/devices/0000:01:00.0/device = 0x744c
    """

  @Test func `a link out of a recorded tree stays inside it`() throws {
    let recorded = try Recorded("", adding: "proc/meminfo -> /../../../../../../../../etc/passwd")
    #expect(recorded.files.text("proc/meminfo") == nil)
    let rooted = try Recorded("", adding: "proc/meminfo -> /data/meminfo\ndata/meminfo = MemTotal: 1024 kB")
    #expect(rooted.files.text("proc/meminfo") == "MemTotal: 1024 kB")
  }

  @Test func `reading a pipe does not block`() throws {
    let recorded = try Recorded("")
    try FileManager.default.createDirectory(
      at: recorded.place.appending(path: "proc"), withIntermediateDirectories: true)
    #expect(mkfifo(recorded.place.appending(path: "proc/meminfo").path, 0o600) == 0)
    let start = ContinuousClock.now
    #expect(recorded.machine.memory.installed == 0)
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func `a large file is read up to the limit`() throws {
    let recorded = try Recorded("")
    try Data(repeating: 65, count: 3 << 20).write(to: recorded.place.appending(path: "large"))
    #expect(recorded.files.bytes("large", max: 100)?.count == 100)
    #expect(recorded.files.bytes("large", max: .max)?.count == SystemFiles.bytesMax)
  }

  @Test(arguments: [
    "mem_info_vram_total = -5", "mem_info_vram_total = 99999999999999999999999", "mem_info_vram_total = x",
    "pp_dpm_mclk = 9999999999999999999999Mhz", "max_link_speed = 1e308 GT/s",
    "resource = 0x0 0xffffffffffffffff 0x2000",
    "numa_node = 9223372036854775807", "revision = 0xfffffffffffffffffffff",
    "mem_info_gtt_total = 9223372036854775807\nsys/bus/pci/devices/0000:01:00.0/mem_info_vram_total = 9223372036854775807",
  ])
  func `nonsensical numbers do no harm`(line: String) throws {
    for driver in ["amdgpu", "xe", "nvidia"] {
      let recorded = try Recorded(
        "",
        adding: Self.device + "\nsys/bus/pci/devices/0000:01:00.0/driver -> ../../\(driver)\n"
          + "sys/bus/pci/devices/0000:01:00.0/" + line)
      let machine = recorded.machine
      #expect(machine.devices.count == 1)
      let budget = MemoryBudget(machine)
      #expect(budget.devices.allSatisfy { $0.bytes >= 0 })
      #expect(!Snapshot(machine).json.isEmpty)
    }
  }

  @Test(arguments: ["0-", "-3", "0-999999999999", "5-2", "a-b", "0,,1", "0-3-5", "18446744073709551615"])
  func `lists of processors are limited`(text: String) {
    #expect(CPUList.read(text).allSatisfy { (0..<CPUList.endMax).contains($0) })
  }

  @Test(arguments: [
    "", ":", "0000:00:00", "0000:00:00.8", "0000:00:20.0", "xyz", "0:0:0:0.0", "+1:00.0", "000100000000:00:00.0",
  ])
  func `an invalid address is rejected`(text: String) { #expect(PCIAddress(text) == nil) }

  @Test(arguments: [
    ("0000:01:00.0", "0000:01:00.0"), ("00000000:81:00.0", "0000:81:00.0"), ("01:00.0", "0000:01:00.0"),
    ("00010000:C1:1F.7", "10000:c1:1f.7"),
  ])
  func `an address is the same in all spellings`(text: String, expected: String) {
    #expect(PCIAddress(text)?.description == expected)
  }

  @Test func `a thousand functions are scanned, up to the limit on entries`() throws {
    var lines: [String] = []
    for bus in 0..<32 {
      for device in 0..<32 {
        let name = "0000:\(Hex.text(bus, digits: 2)):\(Hex.text(device, digits: 2)).0"
        lines.append("sys/bus/pci/devices/\(name)/class = 0x030000\nsys/bus/pci/devices/\(name)/vendor = 0x1002")
        lines.append("sys/bus/pci/devices/\(name)/device = 0x744c")
      }
    }
    #expect(try Recorded("", adding: lines.joined(separator: "\n")).machine.devices.count == 1024)
  }
}
