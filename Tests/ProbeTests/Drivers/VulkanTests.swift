import Foundation
import Testing

@testable import Probe

/// Vulkan probes through the real loader, with fake drivers.
@Suite(.serialized) struct VulkanTests {
  private func ask(
    _ folder: Fakes.Folder, machine name: String = "radeon-rx7900xtx", deadline: Duration = .seconds(20)
  ) throws -> Machine {
    var options = DriverProber.Options()
    options.program = try Fakes.program()
    options.deadline = deadline
    options.manifestFolders = [folder.manifests]
    options.probesEveryDriver = true
    options.environment = ["PATH": "/usr/bin"]
    let recorded = try Recorded(name)
    var machine = recorded.machine
    machine.devices.removeAll { $0.vendor == "NVIDIA" }
    var prober = DriverProber(options)
    // Manifests and libraries are from this machine, devices from the recorded one.
    return prober.probe(machine, try #require(SystemFiles()))
  }

  @Test func `two cards are merged with the kernel's facts`() throws {
    let folder = try Fakes.Folder()
    try folder.manifest("radeon", try folder.library(.vulkan))
    let machine = try ask(folder)
    #expect(machine.driverProbes.map(\.outcome) == [.answered])
    #expect(machine.devices.count == 2)
    let card = try #require(machine.device("0000:03:00.0"))
    #expect(card.vulkan?.driver == "radv")
    #expect(card.vulkan?.subgroupSize == 64)
    #expect(card.vulkan?.hasFloat16 == true)
    #expect(card.memory == Fact(25_753_026_560, .sysfs, .exact))
    #expect(card.backends == [.rocm, .vulkan])
  }

  @Test func `without the kernel's facts, the largest heap counts, not the window into it`() throws {
    let folder = try Fakes.Folder()
    try folder.manifest("radeon", try folder.library(.vulkan))
    let machine = try ask(folder, machine: "firecracker-vm")
    let card = try #require(machine.device("0000:03:00.0"))
    #expect(card.memory?.value == 25_753_026_560)
    #expect(card.free?.value == 25_753_026_560 - gibibyte)
    let graphics = try #require(machine.device("0000:0f:00.0"))
    #expect(graphics.isUnified)
    #expect((graphics.memory?.value ?? 0) <= machine.memory.total.value)
  }

  @Test(arguments: [
    ("CRASH_AT_LOAD", "signal 11"), ("ABORT", "signal 6"), ("EXIT", "ended its process with 3"),
  ])
  func `a driver that ends its process ends only its own`(word: String, how: String) throws {
    let folder = try Fakes.Folder()
    try folder.manifest("bad", try folder.library(.vulkan, [word]))
    let machine = try ask(folder)
    #expect(machine.driverProbes.map(\.outcome) == [.crashed(how)])
    #expect(machine.usable.count == 2)
  }

  @Test(arguments: ["HANG_AT_LOAD", "HANG"])
  func `a driver that hangs is killed`(word: String) throws {
    let folder = try Fakes.Folder()
    try folder.manifest("slow", try folder.library(.vulkan, [word]))
    #expect(try ask(folder, deadline: .milliseconds(500)).driverProbes.map(\.outcome) == [.hung])
  }

  @Test func `an invalid manifest does not affect a valid one`() throws {
    let folder = try Fakes.Folder()
    try folder.manifest("good", try folder.library(.vulkan))
    try folder.text("icd.d/broken.json", "{\"file_format_version\": \"1.0.0\", \"ICD\": {")
    try folder.manifest("missing", folder.url.appending(path: "missing.so").path)
    let machine = try ask(folder)
    #expect(machine.driverProbes.map(\.outcome) == [.answered])
    #expect(machine.driverProbes.first?.devices == 2)
  }

  @Test(arguments: ["1.5.", "01", "-", "1e", "1-2", "+1", "\"\\q\"", "\"\\u12\"", "\"\\u+123\"", "tru", "nullx"])
  func `a manifest that is almost JSON is invalid`(value: String) {
    func library(_ value: String) -> String? {
      Manifests.library(
        Array(#"{"file_format_version": "1.0.0", "x": \#(value), "ICD": {"library_path": "a.so"}}"#.utf8))
    }
    #expect(library(value) == nil)
    for sound in ["0", "-0.5e+10", "\"\\u00e9\\/\"", "true"] { #expect(library(sound) == "a.so") }
  }

  @Test func `a library that is not a driver adds no device`() throws {
    let folder = try Fakes.Folder()
    try folder.manifest("none", try folder.library(.half))
    guard case .unavailable? = try ask(folder).driverProbes.first?.outcome else { return #expect(Bool(false)) }
  }

  @Test func `drivers are probed only for vendors with a device, and software renderers never`() throws {
    let folder = try Fakes.Folder()
    for name in [
      "radeon_icd.x86_64", "intel_icd", "intel_hasvk_icd", "lvp_icd", "nvidia_icd", "nouveau_icd", "virtio_icd",
      "asahi_icd",
    ] {
      try folder.manifest(name, "libvulkan_of_\(name).so")
    }
    var options = DriverProber.Options()
    options.manifestFolders = [folder.manifests]
    let manifests = Manifests(files: try #require(SystemFiles()), options: options)
    #expect(manifests.all().count == 8)
    func names(_ machine: String) throws -> [String] {
      manifests.fitting(try Recorded(machine).machine).compactMap {
        $0.path.split(separator: "/").last.map(String.init)
      }
    }
    #expect(try names("radeon-rx580") == ["radeon_icd.x86_64.json"])
    #expect(
      try names("arc-and-geforce") == [
        "intel_hasvk_icd.json", "intel_icd.json", "nouveau_icd.json", "nvidia_icd.json",
      ])
    #expect(try names("firecracker-vm").isEmpty)
    #expect(try names("raspberry-pi-rockchip").isEmpty)
  }

  @Test func `Mesa's software renderer is listed but excluded`() throws {
    guard FileManager.default.fileExists(atPath: "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json") else { return }
    var options = DriverProber.Options()
    options.program = try Fakes.program()
    options.deadline = .seconds(20)
    options.probesEveryDriver = true
    options.environment = ["PATH": "/usr/bin"]
    var prober = DriverProber(options)
    let files = try #require(SystemFiles())
    let machine = prober.probe(Probe.scan(files), files)
    #expect(machine.devices.contains { $0.kind == .softwareRenderer && $0.name.value.contains("llvmpipe") })
    #expect(machine.usable.allSatisfy { $0.kind != .softwareRenderer })
  }

  @Test func `after all probes, neither a driver nor the loader is mapped in this process`() throws {
    let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
    for name in ["libvulkan", "libnvidia", "librocm_smi", "libze_loader", "/fakes-", "libLLVM"] {
      #expect(!maps.contains(name))
    }
  }
}
