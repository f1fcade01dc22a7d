import Foundation
import Gateway
import Probe

/// The hardware rows of the original hoosh, and their equivalents here.
extension Micro {
  static func hardware() -> [Row] {
    let tree = HardwareTree()
    let machine = SystemFiles(tree.place.path).map(Probe.scan) ?? Machine()
    let snapshot = Snapshot(machine)
    let file = tree.model()
    return [
      Row("scan this machine", bytes: 0) { UInt64(SystemFiles().map(Probe.scan)?.devices.count ?? 0) },
      Row("scan 60 devices, 9 accelerators", bytes: 0) {
        UInt64(SystemFiles(tree.place.path).map(Probe.scan)?.devices.count ?? 0)
      },
      Row("summary", bytes: snapshot.summary.utf8.count) { UInt64(snapshot.summary.utf8.count) },
      Row("placement, 1 billion", bytes: 0) { UInt64(snapshot.placement(parameters: opaque(1_000_000_000)).bytes) },
      Row("placement, 7 billion", bytes: 0) { UInt64(snapshot.placement(parameters: opaque(7_000_000_000)).bytes) },
      Row("placement, 70 billion", bytes: 0) {
        UInt64(snapshot.placement(parameters: opaque(70_000_000_000)).bytes)
      },
      Row("GGUF header and plan, 128,256 tokens", bytes: tree.headerBytes) {
        guard let model = try? ModelFile.read(file) else { return 0 }
        return UInt64(Planner.plan(model, on: snapshot.budget).demand.whole)
      },
      Row("the machine as JSON", bytes: snapshot.json.count) { UInt64(snapshot.json.count) },
    ]
  }

  /// Prevents the compiler from knowing a number.
  @inline(never)
  private static func opaque(_ number: Int) -> Int { number }
}

/// A folder with the kernel's files of a large machine, and a model file of a declared size.
final class HardwareTree {
  let place = FileManager.default.temporaryDirectory.appending(path: "hoosh-bench-\(UUID().uuidString)")
  private(set) var headerBytes = 0

  init() {
    let devices = "sys/bus/pci/devices"
    for index in 0..<60 {
      let folder = "\(devices)/0000:\(hex(index)):00.0"
      let isCard = index < 8
      write("\(folder)/class", isCard ? "0x030000" : index == 8 ? "0x120000" : "0x060400")
      write("\(folder)/vendor", isCard ? "0x1002" : "0x8086")
      write("\(folder)/device", isCard ? "0x744c" : index == 8 ? "0x7d1d" : "0x1234")
      guard index <= 8 else { continue }
      for (name, value) in [
        ("subsystem_device", "0xe471"), ("revision", "0xc8"), ("numa_node", "0"),
        ("power/runtime_status", "active"),
        ("max_link_speed", "16.0 GT/s PCIe"), ("max_link_width", "16"), ("current_link_speed", "16.0 GT/s PCIe"),
        ("mem_info_vram_total", "25753026560"), ("mem_info_vram_used", "1465843712"),
        ("mem_info_vram_vendor", "hynix"), ("mem_info_gtt_total", "33285996544"), ("mem_info_gtt_used", "61480960"),
        ("pp_dpm_mclk", "0: 96Mhz *\n1: 1249Mhz"), ("unique_id", "b5c2a1d3e4f50617"), ("gpu_busy_percent", "3"),
        ("hwmon/hwmon0/temp1_input", "53000"), ("hwmon/hwmon0/power1_average", "68000000"),
      ] { write("\(folder)/\(name)", value) }
      link("\(folder)/driver", "../../drivers/\(isCard ? "amdgpu" : "intel_vpu")")
      guard isCard else { continue }
      link("sys/class/drm/renderD\(128 + index)/device", "../../../bus/pci/devices/0000:\(hex(index)):00.0")
      let node = "sys/class/kfd/kfd/topology/nodes/\(index + 1)"
      write("\(node)/properties", "simd_count 192\nlocation_id \(index << 8)\ngfx_target_version 110000\nhive_id 0")
      write("\(node)/mem_banks/0/properties", "width 384\nmem_clk_max 1249")
    }
    write("proc/cpuinfo", "model name : x\nflags : avx2")
    write("proc/meminfo", "MemTotal: 131072000 kB\nMemAvailable: 120000000 kB")
    write("sys/devices/system/cpu/online", "0-31")
    for index in 0..<32 { write("sys/devices/system/cpu/cpu\(index)/topology/core_cpus_list", "\(index)") }
  }

  deinit { try? FileManager.default.removeItem(at: place) }

  private func hex(_ number: Int) -> String { (number < 16 ? "0" : "") + String(number, radix: 16) }

  private func write(_ path: String, _ text: String) {
    let url = place.appending(path: path)
    try? FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? Data((text + "\n").utf8).write(to: url)
  }

  private func link(_ path: String, _ target: String) {
    let url = place.appending(path: path)
    try? FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
  }

  /// A header like that of a model with 8 billion parameters: 291 tensors, 128,256 tokens, 280,147 merges, 7.8 MB.
  /// Its data is a hole.
  func model() -> String {
    var out = Data("GGUF".utf8)
    func number<Number: FixedWidthInteger>(_ value: Number) {
      withUnsafeBytes(of: value.littleEndian) { out.append(contentsOf: $0) }
    }
    func string(_ text: String) {
      number(UInt64(text.utf8.count))
      out.append(contentsOf: text.utf8)
    }
    number(UInt32(3))
    number(UInt64(291))
    number(UInt64(8))
    for (key, value) in [
      ("llama.block_count", 32), ("llama.embedding_length", 4096), ("llama.attention.head_count", 32),
      ("llama.attention.head_count_kv", 8), ("llama.context_length", 8192),
    ] {
      string(key)
      number(UInt32(4))
      number(UInt32(value))
    }
    string("general.architecture")
    number(UInt32(8))
    string("llama")
    for (key, count, each) in [
      ("tokenizer.ggml.tokens", 128_256, "a token"), ("tokenizer.ggml.merges", 280_147, "two words"),
    ] {
      string(key)
      number(UInt32(9))
      number(UInt32(8))
      number(UInt64(count))
      for _ in 0..<count { string(each) }
    }
    var offset = 0
    func tensor(_ name: String, _ dimensions: [Int]) {
      string(name)
      number(UInt32(dimensions.count))
      for size in dimensions { number(UInt64(size)) }
      number(UInt32(8))
      number(UInt64(offset))
      offset += (dimensions.reduce(1, *) / 32 * 34 + 31) / 32 * 32
    }
    tensor("token_embd.weight", [4096, 128_256])
    for layer in 0..<32 {
      for (part, size) in [
        ("attn_norm", 1), ("attn_q", 4096), ("attn_k", 1024), ("attn_v", 1024), ("attn_output", 4096),
        ("ffn_norm", 1),
        ("ffn_gate", 14_336), ("ffn_up", 14_336), ("ffn_down", 14_336),
      ] { tensor("blk.\(layer).\(part).weight", [4096, size]) }
    }
    tensor("output_norm.weight", [4096])
    tensor("output.weight", [4096, 128_256])
    headerBytes = out.count
    let path = place.appending(path: "model.gguf").path
    _ = FileManager.default.createFile(atPath: path, contents: out)
    truncate(path, off_t((out.count + 31) / 32 * 32 + offset))
    return path
  }
}
