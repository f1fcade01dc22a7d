import Foundation
import Testing

@testable import Gateway
@testable import Probe

/// Placements of models, with reasons.
@Suite struct PlannerTests {
  private func machine(_ gigabytes: [Int], host: Int = 64, bandwidths: [Double] = []) -> Machine {
    var machine = Machine().edited(adding: gigabytes.map { $0 * gibibyte })
    for (index, bandwidth) in bandwidths.enumerated() {
      machine.devices[index].bandwidth = Fact(bandwidth, .edited)
    }
    machine.memory.installed = host * gibibyte
    machine.memory.total = Fact(host * gibibyte, .edited)
    machine.memory.available = Fact(host * gibibyte, .edited)
    return machine
  }

  private func llama8B(_ type: UInt32 = 8) throws -> Model {
    try GGUFMaker.llama(
      layers: 32, embedding: 4096, heads: 32, kvHeads: 8, feedForward: 14_336, vocabulary: 128_256, type: type
    ).model()
  }

  private func mixture() throws -> Model {
    try GGUFMaker.llama(
      "qwen3moe", layers: 48, embedding: 2048, heads: 32, kvHeads: 4, width: 128, feedForward: 768,
      vocabulary: 151_936,
      experts: 128, used: 8
    ).model()
  }

  @Test func `a model goes to the fastest device that can hold it`() throws {
    let plan = Planner.plan(try llama8B(), on: MemoryBudget(machine([24, 24], bandwidths: [300, 900])))
    #expect(plan.mode == .single)
    #expect(plan.shares.map(\.device) == ["uuid-what-if-2"])
    #expect((plan.shares.first?.layers ?? 0) == 32)
  }

  @Test func `unequal devices get unequal shares, each within its budget`() throws {
    let budget = MemoryBudget(machine([8, 6]))
    let plan = Planner.plan(try llama8B(), on: budget)
    #expect(plan.mode == .split)
    #expect(plan.shares.map(\.layers).reduce(0, +) == 32)
    #expect((plan.shares.first?.layers ?? 0) > (plan.shares.last?.layers ?? 0))
    #expect(plan.shares.filter(\.hasOutput).count == 1)
    for share in plan.shares {
      #expect(share.bytes <= budget.devices.first { $0.id == share.device }?.bytes ?? 0)
    }
  }

  @Test func `free memory counts, not total memory`() throws {
    var used = machine([24])
    used.devices[0].free = Fact(2 * gibibyte, .edited)
    #expect(Planner.plan(try llama8B(), on: MemoryBudget(used)).mode != .single)
  }

  @Test func `keys and values are calculated from the context, not as a share of the weights`() throws {
    var options = RunOptions()
    options.context = 131_072
    let small = Demand(try llama8B(), RunOptions())
    let large = Demand(try llama8B(), options)
    #expect(large.cache == 131_072 * 131_072)
    #expect(large.whole - small.whole == (131_072 - 4096) * 131_072)
    #expect(Planner.plan(try llama8B(), options, on: MemoryBudget(machine([24]))).mode != .single)
  }

  @Test func `layers that do not fit stay in memory, starting with the first`() throws {
    let plan = Planner.plan(try llama8B(1), on: MemoryBudget(machine([12])))
    #expect(plan.mode == .partial)
    #expect(plan.layersInMemory > 0)
    #expect((plan.shares.first?.layers ?? 0) + plan.layersInMemory == 32)
    #expect(plan.reasons.contains { $0.contains("are usable") })
  }

  @Test func `experts stay in memory before whole layers do`() throws {
    let plan = Planner.plan(try mixture(), on: MemoryBudget(machine([12])))
    #expect(plan.mode == .expertsInMemory)
    #expect(plan.layersInMemory == 0)
    #expect((1..<48).contains(plan.expertLayersInMemory))
    let dense = Planner.plan(try llama8B(1), on: MemoryBudget(machine([12]))).tokensPerSecond
    #expect((plan.tokensPerSecond?.lowerBound ?? 0) > (dense?.lowerBound ?? 0))
  }

  @Test func `without devices the processor runs the model, and without memory it does not fit`() throws {
    #expect(Planner.plan(try llama8B(), on: MemoryBudget(machine([]))).mode == .processor)
    let plan = Planner.plan(try llama8B(), on: MemoryBudget(machine([], host: 4)))
    #expect(plan.mode == .none)
    #expect(plan.tokensPerSecond == nil)
    #expect(plan.reasons.contains { $0.hasPrefix("memory:") })
  }

  @Test func `a container's memory limit is the budget`() throws {
    let plan = Planner.plan(try llama8B(), on: MemoryBudget(try Recorded("cgroup-v2-nested").machine))
    #expect(plan.mode == .none)
    #expect(Planner.plan(try llama8B(), on: MemoryBudget(try Recorded("cgroup-hybrid").machine)).mode == .processor)
  }

  @Test func `a large model goes to devices at a lower precision rather than into memory`() throws {
    let snapshot = Snapshot(machine([24], host: 256))
    #expect(snapshot.placement(parameters: 70_000_000_000).precision == .int4)
    #expect(!snapshot.placement(parameters: 70_000_000_000).fitsOneDevice)
    #expect(snapshot.placement(parameters: 7_000_000_000).precision == .fp16)
  }

  @Test func `whether a model can run at all does not depend on free memory`() throws {
    var busy = machine([24], host: 8)
    busy.devices[0].free = Fact(0, .edited)
    busy.memory.available = Fact(gibibyte, .edited)
    let snapshot = Snapshot(busy)
    #expect(snapshot.fits("llama-3.1-8b") == true)
    #expect(snapshot.fits("llama-3.1-405b") == false)
    #expect(snapshot.fits("gpt-4o") == nil)
    #expect(Planner.plan(try llama8B(), on: snapshot.budget).mode == .none)
  }

  @Test func `the memory that an integrated device shares is not counted twice`() throws {
    let recorded = try Recorded("ryzen-phoenix").machine
    let budget = MemoryBudget(recorded)
    #expect(budget.devices.map(\.isUnified) == [true])
    let plan = Planner.plan(try llama8B(), on: budget)
    #expect(plan.mode == .single, "\(plan.reasons) \(budget)")
    #expect(plan.hostBytes + (plan.shares.first?.bytes ?? 0) <= budget.host)
  }

  @Test func `a plan contains advice`() throws {
    var options = RunOptions()
    options.context = 65_536
    let plan = Planner.plan(try llama8B(), options, on: MemoryBudget(machine([16])))
    #expect(!plan.isOnDevices)
    #expect(plan.advice.contains { $0.contains("context of") })
    #expect(plan.advice.contains { $0.contains("Q8_0") })
    let context = try #require(Planner.largestContext(try llama8B(), options, on: MemoryBudget(machine([16]))))
    options.context = context
    #expect(Planner.plan(try llama8B(), options, on: MemoryBudget(machine([16]))).isOnDevices)
    options.context = context + 256
    #expect(!Planner.plan(try llama8B(), options, on: MemoryBudget(machine([16]))).isOnDevices)
  }

  @Test func `speed follows bandwidth, and measurements correct it`() throws {
    let budget = MemoryBudget(machine([24], bandwidths: [1000]))
    var model = try llama8B()
    model.name = "m"
    let plan = Planner.plan(model, on: budget)
    let estimate = try #require(plan.tokensPerSecond)
    #expect(estimate.contains(70))
    #expect(
      Planner.plan(model, on: MemoryBudget(machine([24], bandwidths: [500]))).tokensPerSecond.map {
        $0.upperBound < estimate.upperBound * 0.51
      } == true)
    var correction = SpeedCorrection()
    correction.record(model: "m", tokensPerSecond: 40, estimate: estimate)
    for _ in 0..<40 {
      let now = try #require(Planner.plan(model, on: budget, speed: correction).tokensPerSecond)
      correction.record(model: "m", tokensPerSecond: 40, estimate: now)
    }
    #expect(try #require(Planner.plan(model, on: budget, speed: correction).tokensPerSecond).contains(40))
    correction.record(model: "m", tokensPerSecond: .infinity, estimate: estimate)
    correction.record(model: "m", tokensPerSecond: -1, estimate: estimate)
    #expect(correction.share(of: "m")?.isFinite == true)
  }

  @Test func `measured speeds are recorded by model name, and a placement uses them`() throws {
    var snapshot = Snapshot(machine([24], bandwidths: [1000]))
    func contains(_ number: Double) throws -> Bool {
      guard
        case .json(let json) = HardwareAPI.answer(.placement, Array(#"{"model":"llama-3.1-8b"}"#.utf8), snapshot),
        let answer = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any],
        let plan = answer["plan"] as? [String: Any], let from = plan["tokens_per_second_from"] as? Double,
        let to = plan["tokens_per_second_to"] as? Double
      else { return false }
      return (from...to).contains(number)
    }
    #expect(try !contains(33))
    // The model itself occupies memory while it answers, which must not matter.
    for _ in 0..<40 { snapshot.recordThroughput("llama-3.1-8b", tokens: 330, seconds: 10) }
    #expect(try contains(33))
    let learned = snapshot.speed
    snapshot.recordThroughput("llama-3.1-8b", tokens: Snapshot.tokensMin - 1, seconds: 0.001)
    for seconds in [0, -1, .nan] { snapshot.recordThroughput("llama-3.1-8b", tokens: 100, seconds: seconds) }
    snapshot.recordThroughput("gpt-4o", tokens: 100, seconds: 1)
    snapshot.recordThroughput("llama-3.1-405b", tokens: 100, seconds: 1)
    #expect(snapshot.speed == learned)
  }

  @Test func `a model whose weights do not fit has no largest context, and the file's own limit is capped`() throws
  {
    var model = try llama8B()
    model.contextMax = .max
    #expect(Planner.largestContext(model, on: MemoryBudget(machine([6]))) == nil)
    #expect(try #require(Planner.largestContext(model, on: MemoryBudget(machine([16])))) < Planner.contextMax)
  }

  @Test func `planning thousands of layers on a hundred devices is fast`() throws {
    var model = Model(format: .name)
    model.layers = (0..<4096).map { _ in
      Model.Layer(dense: 100 << 20, state: .attention(heads: 8, key: 128, value: 128, window: nil))
    }
    model.outputBytes = gibibyte
    let start = ContinuousClock.now
    _ = Planner.plan(model, on: MemoryBudget(machine([Int](repeating: 8, count: 100))))
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func `maximum numbers do not trap`() {
    var model = Model(format: .name)
    model.layers = [
      Model.Layer(dense: .max, experts: .max, state: .attention(heads: .max, key: .max, value: .max, window: .max))
    ]
    model.inputBytes = .max
    model.outputBytes = .max
    model.vocabulary = .max
    model.embedding = .max
    model.heads = .max
    model.expertCount = 8
    model.expertsUsed = 2
    var options = RunOptions()
    options.context = .max
    options.parallel = .max
    options.batch = .max
    #expect(Planner.plan(model, options, on: MemoryBudget(machine([24, 8]))).mode == .none)
  }

  @Test func `memory that two devices share is counted once`() throws {
    var machine = try Recorded("ryzen-phoenix").machine
    var second = machine.devices[0]
    second.address = nil
    second.uuid = Fact("second", .edited)
    machine.devices.append(second)
    let budget = MemoryBudget(machine)
    #expect(budget.devices.reduce(0) { $0 + $1.bytes } <= budget.host)
  }

  @Test func `layers in host memory need a compute buffer there as well`() throws {
    let plan = Planner.plan(try llama8B(), on: MemoryBudget(machine([6])))
    #expect(plan.mode == .partial)
    let onDevices = plan.shares.reduce(0) { $0 + $1.bytes }
    #expect(plan.hostBytes + onDevices >= plan.demand.whole + plan.demand.input + plan.demand.compute)
  }

  @Test func `the margin of a memory is 512 MiB, and a twentieth of a large one`() {
    #expect(MemoryBudget.margin(0) == 512 << 20)
    #expect(MemoryBudget.margin(8 * gibibyte) == 512 << 20)
    #expect(MemoryBudget.margin(80 * gibibyte) == 4 * gibibyte)
  }

  @Test func `experts stay in memory only when they fit on no device`() throws {
    let model = try mixture()
    let experts = Demand(model, RunOptions()).experts.filter { $0 > 0 }
    for gigabytes in [[12, 8], [2, 12], [2, 16]] {
      let budget = MemoryBudget(machine(gigabytes))
      let plan = Planner.plan(model, on: budget)
      #expect(plan.mode == .expertsInMemory)
      #expect((1..<experts.count).contains(plan.expertLayersInMemory))
      for share in plan.shares {
        let usable = try #require(budget.devices.first { $0.id == share.device }?.bytes)
        #expect(share.bytes <= usable)
        #expect(usable - share.bytes < experts.min() ?? 0, "\(gigabytes)")
      }
    }
  }

  @Test func `the state of a layer depends on its kind and on the bits of keys and values`() {
    var options = RunOptions()
    options.batch = 512
    options.keyBits = 16
    options.valueBits = 8
    func kept(_ state: Model.LayerState, cells: Int = 131_072, parallel: Int = 2) -> Int {
      Demand.kept(state, cells: cells, parallel: parallel, options)
    }
    // 2 heads of keys with 16 numbers of 2 bytes and of values with 32 numbers of 1 byte: 128 bytes a cell.
    #expect(kept(.attention(heads: 2, key: 16, value: 32, window: nil)) == 131_072 * 128)
    #expect(kept(.attention(heads: 2, key: 16, value: 16, window: nil)) == 131_072 * 96)
    // The windows of two sequences and one batch, in steps of 256, and never more than all cells.
    #expect(kept(.attention(heads: 2, key: 16, value: 32, window: 1024)) == (2 * 1024 + 512) * 128)
    #expect(kept(.attention(heads: 2, key: 16, value: 32, window: 1000)) == (2 * 1000 + 512 + 48) * 128)
    #expect(kept(.attention(heads: 2, key: 16, value: 32, window: 1024), cells: 2304) == 2304 * 128)
    #expect(kept(.none) == 0)
    #expect(kept(.recurrent(bytes: 1000), parallel: 3) == 3000)
    #expect(kept(.latent(width: 576), cells: 256) == 256 * 576 * 2)
    #expect(kept(.both(heads: 2, key: 16, value: 32, recurrentBytes: 500), cells: 256) == 256 * 128 + 1000)
  }

  @Test func `layers in slow memory are slower`() throws {
    let model = try llama8B(1)
    var budget = MemoryBudget(machine([12]))
    let plan = Planner.plan(model, on: budget)
    #expect(plan.mode == .partial)
    var speeds: [Double] = []
    for bandwidth in [20.0, 40, 80] {
      budget.hostBandwidth = bandwidth
      speeds.append(try #require(Planner.plan(model, on: budget).tokensPerSecond?.upperBound))
    }
    #expect(speeds[0] * 1.2 < speeds[1] && speeds[1] * 1.2 < speeds[2], "\(speeds)")
  }

  @Test func `a measurement after the first counts for a fifth`() throws {
    var correction = SpeedCorrection()
    correction.record(model: "m", tokensPerSecond: 50, estimate: 80...100)
    let first = try #require(correction.share(of: "m"))
    #expect(abs(first - Speed.reached.upperBound / 2) < 1e-9)
    // Twice the speed of the estimate, which already contains the correction.
    correction.record(model: "m", tokensPerSecond: 200, estimate: 95...100)
    let reached = min(1.2, first * 1.05 * 2)
    #expect(abs(try #require(correction.share(of: "m")) - (first * 0.8 + reached * 0.2)) < 1e-9)
  }
}
