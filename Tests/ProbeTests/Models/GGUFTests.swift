import Foundation
import Testing

@testable import Probe

/// Valid and invalid headers of GGUF files.
@Suite struct GGUFTests {
  private static let small = GGUFMaker.llama(
    layers: 2, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, vocabulary: 100)

  @Test func `a header contains parameters, layers, heads, context length, and the size of all weights`() throws {
    let maker = GGUFMaker.llama(
      layers: 32, embedding: 4096, heads: 32, kvHeads: 8, feedForward: 14_336, vocabulary: 128_256, type: 8)
    let (header, size) = maker.make()
    let model = try ModelFile.read(header, fileSize: size)
    #expect(model.parameters == 8_030_261_248)
    #expect(model.layers.count == 32)
    #expect(model.layers[0].state == .attention(heads: 8, key: 128, value: 128, window: nil))
    #expect(model.vocabulary == 128_256)
    #expect(model.contextMax == 8192)
    #expect(model.quantization == "Q8_0")
    #expect(model.bytesExpected == size)
    #expect(model.notes.isEmpty)
    let norms = (32 * 2 + 1) * 4096 * 4
    #expect(model.weights == (8_030_261_248 - (32 * 2 + 1) * 4096) / 32 * 34 + norms)
  }

  @Test func `a model without an output tensor uses its embedding table, of which the device needs a copy`() throws
  {
    let tied = try GGUFMaker.llama(
      layers: 2, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, vocabulary: 100, tied: true
    ).model()
    #expect(tied.outputBytes > tied.inputBytes)
    #expect(tied.sharesTable)
    #expect(tied.weights + 64 >= tied.bytesExpected - 4096)
  }

  @Test func `experts are counted separately, and a token uses only some of them`() throws {
    let model = try GGUFMaker.llama(
      "qwen3moe", layers: 4, embedding: 256, heads: 4, kvHeads: 2, feedForward: 64, vocabulary: 1000, experts: 16,
      used: 2
    ).model()
    #expect(model.layers[0].experts == 3 * 256 * 64 * 16 / 32 * 34)
    #expect(model.expertCount == 16)
    #expect(model.activeWeights < model.weights / 2 + model.outputBytes)
  }

  @Test func `windows, latent attention, and recurrent states are read from the architecture's keys`() throws {
    var gemma = GGUFMaker.llama(
      "gemma3", layers: 12, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, vocabulary: 100)
    gemma.set("gemma3.attention.sliding_window", .number(1024))
    let windows = try gemma.model().layers.map { layer -> Int? in
      if case .attention(_, _, _, let window) = layer.state { return window }
      return -1
    }
    #expect(windows.enumerated().allSatisfy { ($0.offset % 6 == 5) == ($0.element == nil) })

    var listed = GGUFMaker.llama(
      "gemma4", layers: 3, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, vocabulary: 100)
    listed.set("gemma4.attention.sliding_window", .number(512))
    listed.set("gemma4.attention.sliding_window_pattern", .flags([true, true, false]))
    #expect(
      try listed.model().layers.map { $0.state == .attention(heads: 2, key: 16, value: 16, window: nil) } == [
        false, false, true,
      ])

    var latent = GGUFMaker.llama(
      "deepseek2", layers: 2, embedding: 64, heads: 4, kvHeads: 1, feedForward: 128, vocabulary: 100)
    latent.set("deepseek2.attention.kv_lora_rank", .number(512))
    latent.set("deepseek2.rope.dimension_count", .number(64))
    #expect(try latent.model().layers[1].state == .latent(width: 576))

    var hybrid = GGUFMaker.llama(
      "qwen3next", layers: 8, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, vocabulary: 100)
    for (key, value) in [
      ("ssm.state_size", 128), ("ssm.inner_size", 4096), ("ssm.conv_kernel", 4), ("ssm.group_count", 16),
    ] {
      hybrid.set("qwen3next.\(key)", .number(UInt32(value)))
    }
    let kinds = try hybrid.model().layers.map {
      if case .recurrent = $0.state { return true } else { return false }
    }
    #expect(kinds == [true, true, true, false, true, true, true, false])

    var jamba = GGUFMaker.llama(
      "jamba", layers: 4, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, vocabulary: 100)
    jamba.keys.removeAll { $0.0 == "jamba.attention.head_count_kv" }
    jamba.set("jamba.attention.head_count_kv", .numbers([0, 0, 2, 0]))
    jamba.set("jamba.ssm.state_size", .number(16))
    jamba.set("jamba.ssm.inner_size", .number(128))
    #expect(
      try jamba.model().layers.map { if case .attention = $0.state { return true } else { return false } } == [
        false, false, true, false,
      ])
  }

  @Test func `a truncated file is reported`() throws {
    let (header, size) = Self.small.make()
    let model = try ModelFile.read(header, fileSize: size - 100)
    #expect(model.notes.contains { $0.contains("truncated") })
  }

  @Test func `a header cut anywhere is incomplete or malformed, and never needs more than the file has`() {
    let (header, size) = Self.small.make()
    for end in 0..<header.count {
      #expect(throws: ModelFileError.self) { try ModelFile.read(Array(header[..<end]), fileSize: size) }
    }
  }

  @Test func `one wrong byte anywhere yields another model or an error`() throws {
    let (header, size) = Self.small.make()
    let right = try ModelFile.read(header, fileSize: size)
    var read = 0
    for at in 0..<header.count {
      for value in [UInt8(0), 0x7f, 0xff] where header[at] != value {
        var wrong = header
        wrong[at] = value
        do throws(ModelFileError) {
          let model = try ModelFile.read(wrong, fileSize: size)
          read += 1
          #expect(at >= 4, "the magic number is wrong")
          // Counts cannot exceed the file.
          #expect(model.tensors <= size && model.layers.count <= header.count, "byte \(at) is \(value)")
        } catch {
          continue
        }
      }
    }
    #expect(read > header.count / 2)
    #expect(right.tensors > 0)
  }

  @Test func `counts larger than the file are rejected immediately`() {
    let start = Array("GGUF".utf8) + [3, 0, 0, 0]
    let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
    let one: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
    let zero = [UInt8](repeating: 0, count: 8)
    for bytes in [
      start + huge + zero, start + zero + huge, start + zero + one + huge,
      start + one + zero + zero + [4, 0, 0, 0] + huge + huge + huge + huge + [0, 0, 0, 0] + zero,
    ] {
      let begin = ContinuousClock.now
      #expect(throws: ModelFileError.self) { try ModelFile.read(bytes, fileSize: 1 << 40) }
      // A thousand times what it needs; a reader that trusts the counts never ends.
      #expect(ContinuousClock.now - begin < .seconds(20))
    }
  }

  @Test func `a big-endian file is read`() throws {
    var bytes = Array("GGUF".utf8) + [0, 0, 0, 3]
    bytes += [0, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 1]
    bytes += [0, 0, 0, 0, 0, 0, 0, 20] + Array("general.architecture".utf8) + [0, 0, 0, 8]
    bytes += [0, 0, 0, 0, 0, 0, 0, 5] + Array("llama".utf8)
    #expect(try ModelFile.read(bytes, fileSize: bytes.count).architecture == "llama")
  }

  @Test func `a tensor of an unknown type extends to the next tensor`() throws {
    var maker = GGUFMaker()
    maker.set("general.architecture", .text("llama"))
    maker.set("llama.block_count", .number(1))
    maker.tensor("blk.0.attn_q.weight", 99, 4096)
    maker.tensor("blk.0.attn_k.weight", 1, 4096)
    let model = try maker.model()
    #expect(model.layers[0].dense == 4096 + 8192)
  }

  @Test func `the parts of a split model are found and added up`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "split-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for part in 1...2 {
      var maker = GGUFMaker()
      maker.set("general.architecture", .text("llama"))
      maker.set("llama.block_count", .number(2))
      maker.set("split.count", .number(2))
      maker.tensor("blk.\(part - 1).attn_q.weight", 1, 1024)
      let (header, size) = maker.make()
      try Data(header + [UInt8](repeating: 0, count: size - header.count)).write(
        to: folder.appending(path: "m-0000\(part)-of-00002.gguf"))
    }
    let model = try ModelFile.read(folder.appending(path: "m-00001-of-00002.gguf").path)
    #expect(model.layers.map(\.dense) == [2048, 2048])
    #expect(model.notes.isEmpty)
    #expect(throws: ModelFileError.self) { try ModelFile.read(folder.path) }
    #expect(throws: ModelFileError.self) { try ModelFile.read(folder.appending(path: "none.gguf").path) }
  }
}
