import Gateway

@testable import Probe

/// Headers of model files. The first byte selects the declared size of the file; the header follows.
enum ModelTarget {
  static func gguf(_ input: Span<UInt8>) {
    read(input) { (bytes, size) throws(ModelFileError) in try unsafe GGUFReader.read(bytes.bytes, fileSize: size) }
  }

  static func onnx(_ input: Span<UInt8>) {
    read(input) { (bytes, size) throws(ModelFileError) in try unsafe ONNXReader.read(bytes.bytes, fileSize: size) }
  }

  /// The configuration beside the file is the same bytes, because it is JSON as well.
  static func safetensors(_ input: Span<UInt8>) {
    read(input) { (bytes, size) throws(ModelFileError) in
      let copy = bytes.array
      return try SafetensorsReader.read(copy, fileSize: size, configuration: Array(copy.dropFirst(8)))
    }
  }

  private static func read(_ input: Span<UInt8>, _ reader: (Span<UInt8>, Int) throws(ModelFileError) -> Model) {
    guard input.count >= 1 else { return }
    lending(input, 1..<input.count) { bytes in
      let sizes = [bytes.count, bytes.count &* 1000, 1 << 40, Int.max]
      do throws(ModelFileError) {
        check(try reader(bytes, sizes[Int(input[0] & 3)]))
      } catch {
        expect(error.description.utf8.count < 512, "a fault says little")
        if case .incomplete(let needed) = error { expect(needed > 0, "something is needed") }
      }
    }
  }

  private static func check(_ model: Model) {
    expect(model.weights >= 0 && model.activeWeights >= 0 && model.parameters >= 0, "nothing is less than nothing")
    expect(model.layers.count <= GGUFReader.layersMax, "layers have a bound")
    var machine = Machine().edited(adding: [8 << 30, 24 << 30])
    machine.memory.available = Fact(64 << 30, .edited)
    var options = RunOptions()
    options.context = 100_000
    let plan = Planner.plan(model, options, on: MemoryBudget(machine))
    expect(plan.hostBytes >= 0 && plan.shares.allSatisfy { $0.bytes >= 0 }, "a plan has no negative shares")
    for share in plan.shares {
      expect(share.bytes <= 24 << 30, "no device gets more than it has")
    }
  }
}

/// The output of a driver process. The low two bits of the first byte select the driver. With the third bit, the
/// machine is also written as JSON and as text, which takes most of the time; with the fourth, the input is a
/// manifest instead.
enum ReportTarget {
  private static let sources: [Source] = [.nvml, .vulkan, .rocmSMI, .levelZero]

  static func run(_ input: Span<UInt8>) {
    guard input.count >= 1 else { return }
    let bytes = Array(input.array.dropFirst())
    if input[0] & 8 != 0 { return manifest(bytes) }
    let source = sources[Int(input[0] & 3)]
    let report = DriverReport(bytes)
    _ = DriverOutcomes.outcome(report, .exited(0), source)
    var machine = Machine()
    machine.memory.total = Fact(16 << 30, .procfs)
    machine.memory.available = Fact(8 << 30, .procfs)
    Merge.add(report, from: source, to: &machine)
    let count = machine.devices.count
    expect(count <= DriverReport.devicesMax, "devices have a bound")
    Merge.add(report, from: source, to: &machine)
    Merge.finish(&machine, environment: ["CUDA_VISIBLE_DEVICES": "0,GPU-1"])
    expect(MemoryBudget(machine).devices.allSatisfy { $0.bytes > 0 }, "a device of the budget has memory")
    guard input[0] & 4 != 0 else { return }
    let snapshot = Snapshot(machine)
    expect(snapshot.budget == MemoryBudget(machine), "a plan is made on the same budget")
    expect(PlainJSON.read(snapshot.json) != nil && !snapshot.summary.isEmpty, "it can be written")
  }

  private static func manifest(_ bytes: [UInt8]) {
    guard let library = Manifests.library(bytes) else { return }
    expect(!library.isEmpty, "a manifest names a library")
    // Vulkan's loader ignores bytes that are not text.
    let isText = String(validating: bytes, as: UTF8.self) != nil
    expect(!isText || PlainJSON.read(bytes) != nil, "a manifest is JSON")
    _ = Manifests.vendor(library)
  }
}
