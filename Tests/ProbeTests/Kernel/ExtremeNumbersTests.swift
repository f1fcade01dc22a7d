import Foundation
import Testing

@testable import Probe

/// Every number of a file, a report and a model's header at the ends of what any type holds. Nothing traps.
@Suite struct ExtremeNumbersTests {
  static let extremes = [
    "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e308", "-1e308", "5e-324", "-1", "0",
    "4294967296", "inf", "nan",
  ]

  /// Returns the texts in which one number at a time is replaced.
  private static func changed(_ text: String, by number: String) -> [String] {
    text.matches(of: /[0-9]+/).map { text.replacingCharacters(in: $0.range, with: number) }
  }

  /// Uses all figures of a machine, as the planner and the endpoints do.
  private func use(_ machine: Machine) {
    for reserve in [0, .max] {
      let snapshot = Snapshot(machine, reserve: reserve)
      #expect(snapshot.freeBytes >= 0 && snapshot.hostBytes >= 0)
      _ = snapshot.placement(parameters: .max)
      _ = Planner.plan(NamedModel.model("m-70b", parameters: 7e10), on: snapshot.budget)
      _ = snapshot.budget.shards(.max)
    }
    #expect(machine.processor.decodeThreads >= 1)
  }

  private static let amd = "sys/bus/pci/devices/0000:01:00.0/"
  private static let machine = """
    \(amd)class = 0x030000
    \(amd)vendor = 0x1002
    \(amd)device = 0x744c
    \(amd)driver -> ../../amdgpu
    """

  @Test(arguments: extremes)
  func `numbers of the kernel's files at their ends do no harm`(number: String) throws {
    let names = ["total", "used"].map { "mem_info_vram_\($0)" } + ["total", "used"].map { "mem_info_gtt_\($0)" }
    let fields = names + ["gpu_busy_percent", "numa_node", "max_link_width", "max_link_speed", "pp_dpm_mclk"]
    let hard = ["17179869184", "1073741824", "17179869184", "0", "3", "0", "16", "16.0", "0: \(number)Mhz"]
    for (index, name) in fields.enumerated() {
      var values = hard
      values[index] = name == "pp_dpm_mclk" ? "0: \(number)Mhz *" : number
      let more = zip(fields, values).map { "\(Self.amd)\($0) = \($1)" }.joined(separator: "\n")
      use(try Recorded("", adding: Self.machine + "\n" + more + "\nproc/meminfo = MemTotal: 99999999 kB").machine)
    }
    for name in names.dropFirst() {
      let small = "\(Self.amd)mem_info_vram_total = 536870912\n\(Self.amd)\(name) = \(number)"
      let shared = name == "mem_info_gtt_total" ? "" : "\n\(Self.amd)mem_info_gtt_total = 17179869184"
      use(try Recorded("", adding: Self.machine + "\n" + small + shared).machine)
    }
  }

  @Test(arguments: extremes)
  func `limits of a control group at their ends do no harm`(number: String) throws {
    let files = [
      "memory.max": "8589934592", "memory.current": "4294967296", "memory.high": "8589934592",
      "cpu.max": "200000 100000", "memory.stat": "inactive_file 1048576",
    ]
    for (name, value) in files {
      for text in Self.changed(value, by: number) {
        var all = files
        all[name] = text
        let more = all.map { "sys/fs/cgroup/\($0.key) = \($0.value)" }.joined(separator: "\n")
        let base = "proc/self/cgroup = 0::/\nproc/meminfo = MemTotal: 99999999 kB\n"
        use(try Recorded("", adding: base + more).machine)
      }
    }
  }

  @Test(arguments: extremes)
  func `numbers of a driver's report at their ends do no harm`(number: String) {
    let report = """
      device 0
      pci 0000:01:00.0
      name A
      type 2
      api 1.3
      storage16 1
      memory_total 25753026560
      memory_free 20000000000
      memory_code 0
      code 0
      bus_width 384
      memory_mhz 10501
      link_generation 4
      link_lanes 16
      nvlink 3 0000:02:00.0
      heap 25753026560 20000000000 1 1 0
      busy 3
      temperature 50
      power_mw 20000
      power_limit_mw 300000
      mig 1
      render 128
      driver_id 3
      largest_buffer 4294967295
      partition 0
      memory_total 1073741824
      memory_free 1073741824
      end 0

      """
    for source in [Source.nvml, .rocmSMI, .levelZero, .vulkan] {
      for text in Self.changed(report, by: number) {
        var machine = Machine()
        Merge.add(DriverReport(Array(text.utf8)), from: source, to: &machine)
        // The second report of the same device is compared with the first.
        Merge.add(DriverReport(Array(report.utf8)), from: source, to: &machine)
        use(machine)
      }
    }
  }

  @Test(arguments: extremes)
  func `numbers of a safetensors header and its configuration at their ends do no harm`(number: String) {
    let header = """
      {"a.embed_tokens.w":{"dtype":"BF16","shape":[10,64],"data_offsets":[0,1280]},
       "model.layers.1.w":{"dtype":"X","shape":[2,3],"data_offsets":[1280,1290]},
       "model.layers.2.q.qweight":{"dtype":"I32","shape":[2,2],"data_offsets":[1290,1306]}}
      """
    let configuration = """
      {"num_hidden_layers":2,"hidden_size":64,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,
       "vocab_size":1000,"max_position_embeddings":4096,"layer_types":["sliding_attention"],"sliding_window":512,
       "num_experts":8,"num_experts_per_tok":2,"kv_lora_rank":0,"qk_rope_head_dim":64}
      """
    func check(_ header: String, _ configuration: String) {
      let count = header.utf8.count
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + Array(header.utf8)
      for size in [0, bytes.count, .max] {
        guard
          let model = try? SafetensorsReader.read(bytes, fileSize: size, configuration: Array(configuration.utf8))
        else { continue }
        plan(model)
      }
    }
    for text in Self.changed(header, by: number) { check(text, configuration) }
    for text in Self.changed(configuration, by: number) { check(header, text) }
  }

  private func plan(_ model: Model) {
    var options = RunOptions()
    for (context, parallel) in [(4096, 1), (Int.max, Int.max), (Int.min, Int.min)] {
      options.context = context
      options.parallel = parallel
      let machine = Machine().edited(adding: [24 << 30, Int.max])
      let plan = Planner.plan(model, options, on: MemoryBudget(machine, reserve: .max))
      _ = Planner.plan(model, options, on: MemoryBudget(machine))
      #expect(plan.demand.whole >= 0 && model.weights >= 0 && model.activeWeights >= 0)
    }
    #expect(!model.summary.isEmpty || model.tensors >= 0)
  }

  @Test func `every eight bytes of a GGUF or ONNX header may be any number`() {
    var maker = GGUFMaker()
    maker.set("general.architecture", .text("llama"))
    for key in ["block_count", "embedding_length", "attention.head_count", "attention.sliding_window"] {
      maker.set("llama." + key, .number(2))
    }
    maker.set("general.alignment", .number(32))
    maker.set("split.count", .number(2))
    maker.tensor("blk.0.ffn_up_exps.weight", 1, 64, 2)
    maker.tensor("output.weight", 99, 64)
    let gguf = maker.make().header
    let onnx: [UInt8] = [8, 8, 0x3a, 13, 0x2a, 11, 8, 2, 8, 3, 0x10, 1, 0x4a, 3, 1, 2, 3]
    let numbers: [UInt64] = [UInt64(Int64.max), 1 << 63, .max, .max - 7, 0, 1 << 32, UInt64(UInt32.max)]
    for header in [gguf, onnx] {
      for at in header.indices.dropFirst(4) {
        for number in numbers {
          var bytes = header
          for offset in 0..<8 where at + offset < bytes.count {
            bytes[at + offset] = UInt8(truncatingIfNeeded: number >> UInt64(8 * offset))
          }
          for size in [bytes.count, .max] {
            if let model = try? ModelFile.read(bytes, fileSize: size) { plan(model) }
          }
        }
      }
    }
  }

  @Test func `arithmetic on foreign numbers saturates`() {
    #expect(Int.min.minus(1) == .min)
    #expect(0.minus(.min) == .max)
    #expect(Int.max.minus(-1) == .max)
    #expect(5.minus(7) == -2)
    #expect(Int.max.plus(1) == .max)
    #expect(Int.min.plus(-1) == .min)
    #expect(Int.max.times(-2) == .min)
    #expect(Int.min.times(-1) == .max)
    #expect(Int(saturating: 1e308) == 9_000_000_000_000_000_000)
    #expect(Int(saturating: .nan) == 0)
  }
}
