@testable import Probe

/// Headers of model files. The first byte says how large the file is said to be; the header follows.
enum ModelTarget {
  static func gguf(_ input: Span<UInt8>) {
    read(input) { (bytes, size) throws(ModelFault) in try unsafe GGUFReader.read(bytes.bytes, fileSize: size) }
  }

  static func onnx(_ input: Span<UInt8>) {
    read(input) { (bytes, size) throws(ModelFault) in try unsafe ONNXReader.read(bytes.bytes, fileSize: size) }
  }

  /// The configuration beside it is the same bytes: it is JSON as well.
  static func safetensors(_ input: Span<UInt8>) {
    read(input) { (bytes, size) throws(ModelFault) in
      let copy = bytes.array
      return try SafetensorsReader.read(copy, fileSize: size, configuration: Array(copy.dropFirst(8)))
    }
  }

  private static func read(_ input: Span<UInt8>, _ reader: (Span<UInt8>, Int) throws(ModelFault) -> Model) {
    guard input.count >= 1 else { return }
    lending(input, 1..<input.count) { bytes in
      let sizes = [bytes.count, bytes.count &* 1000, 1 << 40, Int.max]
      do throws(ModelFault) {
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
    var usage = Usage()
    usage.context = 100_000
    let plan = Planner.plan(model, usage, on: Budget(machine))
    expect(plan.hostBytes >= 0 && plan.shares.allSatisfy { $0.bytes >= 0 }, "a plan has no negative shares")
    for share in plan.shares {
      expect(share.bytes <= 24 << 30, "no device gets more than it has")
    }
  }
}

/// What a driver's process wrote, of any driver.
enum ReportTarget {
  static func run(_ input: Span<UInt8>) {
    guard input.count >= 1 else { return }
    let report = Report(Array(input.array.dropFirst()))
    var machine = Machine()
    machine.memory.total = Fact(16 << 30, .procfs)
    machine.memory.available = Fact(8 << 30, .procfs)
    let sources: [Source] = [.nvml, .vulkan, .rocmSMI, .levelZero]
    Merge.add(report, from: sources[Int(input[0] & 3)], to: &machine)
    let count = machine.devices.count
    Merge.add(report, from: sources[Int(input[0] & 3)], to: &machine)
    Merge.finish(&machine, environment: ["CUDA_VISIBLE_DEVICES": "0,GPU-1"])
    expect(count <= Report.devicesMax, "devices have a bound")
    let snapshot = Snapshot(machine)
    expect(snapshot.budget.places.allSatisfy { $0.bytes > 0 }, "a place has room")
    expect(!snapshot.json.isEmpty && !snapshot.summary.isEmpty, "it can be written")
    _ = Outcomes.judge(report, .exited(0), sources[Int(input[0] & 3)])
    _ = Manifests.library(input.array)
  }
}
