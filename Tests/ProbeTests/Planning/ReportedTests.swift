import Testing

@testable import Probe

/// Sizes that llama.cpp reported, compared with those calculated from the models' shapes. Each test names the
/// public log that its figures are from.
@Suite struct ReportedTests {
  private func check(_ bytes: Int, mebibytes: Double, _ what: String) {
    let share = Double(bytes) / (mebibytes * 1_048_576)
    #expect(abs(share - 1) < 0.03, "\(what): \(Double(bytes) / 1_048_576) MiB, reported \(mebibytes)")
  }

  private func options(_ context: Int, flash: Bool = true, keys: Double = 16, values: Double = 16) -> RunOptions {
    var options = RunOptions()
    options.context = context
    options.flashAttention = flash
    options.keyBits = keys
    options.valueBits = values
    return options
  }

  /// TriLM 3.9B in F16 on an RTX 4080: mozilla-ai/llamafile, pull request 552.
  @Test func `llama: weights, cache, and compute buffers of TriLM 3 9B`() throws {
    let model = try GGUFMaker.llama(
      layers: 30, embedding: 3072, heads: 24, kvHeads: 24, feedForward: 9216, vocabulary: 50_688, type: 1
    ).model()
    let demand = Demand(model, options(512, flash: false))
    check(demand.input, mebibytes: 297.00, "input")
    check(model.weights - model.inputBytes, mebibytes: 7317.71, "weights")
    check(demand.cache, mebibytes: 180.00, "cache")
    check(demand.compute, mebibytes: 105.00, "compute")
    check(demand.whole, mebibytes: 7317.71 + 180 + 105, "whole")
  }

  /// Qwen 2.5 3B: SciSharp/LLamaSharp, issue 1099.
  @Test func `qwen2: cache and compute buffers of Qwen 2 5 3B`() throws {
    let model = try GGUFMaker.llama(
      "qwen2", layers: 36, embedding: 2048, heads: 16, kvHeads: 2, feedForward: 11_008, vocabulary: 151_936, type: 2
    ).model()
    let demand = Demand(model, options(4096, flash: false))
    check(demand.cache, mebibytes: 144.00, "cache")
    check(demand.compute, mebibytes: 300.75, "compute")
  }

  /// Qwen3-Next-80B-A3B, 300,032 cells, on gfx1151: ROCm/TheRock, issue 2595.
  @Test func `qwen3next: only every fourth layer keeps keys and values`() throws {
    var maker = GGUFMaker.llama(
      "qwen3next", layers: 48, embedding: 2048, heads: 16, kvHeads: 2, width: 256, feedForward: 512,
      vocabulary: 1000)
    for (key, value) in [
      ("ssm.state_size", 128), ("ssm.inner_size", 4096), ("ssm.conv_kernel", 4), ("ssm.group_count", 16),
    ] {
      maker.set("qwen3next.\(key)", .number(UInt32(value)))
    }
    let model = try maker.model()
    let attention = model.layers.filter { if case .attention = $0.state { true } else { false } }
    #expect(attention.count == 12)
    let bytes = attention.reduce(0) { $0 + Demand.kept($1.state, cells: 300_032, parallel: 1, options(300_032)) }
    check(bytes, mebibytes: 7032.00, "cache")
  }

  /// A Qwen 3.5 model of 27B parameters with 3 sequences: ggml-org/llama.cpp, pull request 23792.
  @Test func `qwen35: the states of 48 layers and three sequences`() throws {
    var maker = GGUFMaker.llama(
      "qwen35", layers: 64, embedding: 5120, heads: 24, kvHeads: 4, width: 256, feedForward: 512, vocabulary: 1000)
    for (key, value) in [
      ("ssm.state_size", 128), ("ssm.inner_size", 6144), ("ssm.conv_kernel", 4), ("ssm.group_count", 16),
      ("full_attention_interval", 4),
    ] { maker.set("qwen35.\(key)", .number(UInt32(value))) }
    let states = try maker.model().layers.filter { if case .recurrent = $0.state { true } else { false } }
    #expect(states.count == 48)
    let bytes = states.reduce(0) { $0 + Demand.kept($1.state, cells: 1, parallel: 3, RunOptions()) }
    check(bytes, mebibytes: 448.88, "states")
  }

  /// Falcon-H1-1.5B at 32,768 tokens: GeniePod/genie-claw, issue 410. The dimensions of the state are from its
  /// model card.
  @Test func `falcon-h1: keys, values, and a state in every layer`() throws {
    var maker = GGUFMaker.llama(
      "falcon-h1", layers: 24, embedding: 2048, heads: 8, kvHeads: 2, width: 128, feedForward: 4096,
      vocabulary: 1000)
    for (key, value) in [
      ("ssm.state_size", 256), ("ssm.inner_size", 3072), ("ssm.conv_kernel", 4), ("ssm.group_count", 1),
    ] {
      maker.set("falcon-h1.\(key)", .number(UInt32(value)))
    }
    check(Demand(try maker.model(), options(32_768)).cache, mebibytes: 768.00 + 72.98, "cache and states")
  }

  /// DeepSeek R1 with 32,768 cells in Q8_0: ikawrakow/ik_llama.cpp, pull request 259. It keeps only the
  /// compressed vector, as llama.cpp has done since 2026.
  @Test func `deepseek2: only the compressed vector`() throws {
    var maker = GGUFMaker.llama(
      "deepseek2", layers: 61, embedding: 7168, heads: 128, kvHeads: 1, width: 192, feedForward: 64,
      vocabulary: 1000)
    maker.set("deepseek2.attention.kv_lora_rank", .number(512))
    maker.set("deepseek2.rope.dimension_count", .number(64))
    check(Demand(try maker.model(), options(32_768, keys: 8.5, values: 8.5)).cache, mebibytes: 1166.62, "cache")
  }

  /// gpt-oss 20B at 131,072 tokens with the full context in every layer: ikawrakow/ik_llama.cpp, issue 822. With
  /// the windows that llama.cpp keeps (128 tokens and a batch, padded to 256), it is slightly more than half.
  @Test func `gpt-oss: half of the layers keep a window`() throws {
    var maker = GGUFMaker.llama(
      "gpt-oss", layers: 24, embedding: 2880, heads: 64, kvHeads: 8, width: 64, feedForward: 64, vocabulary: 1000,
      type: 1)
    let whole = try maker.model()
    maker.set("gpt-oss.attention.sliding_window", .number(128))
    let windowed = try maker.model()
    check(Demand(GGUFTestShape.withoutWindows(whole), options(131_072)).cache, mebibytes: 6144.00, "whole cache")
    check(Demand(windowed, options(131_072)).cache, mebibytes: 3072 + 12 * 768 * 2048 / 1_048_576, "windowed cache")
  }
}

enum GGUFTestShape {
  static func withoutWindows(_ model: Model) -> Model {
    var model = model
    for index in model.layers.indices {
      if case .attention(let heads, let key, let value, _) = model.layers[index].state {
        model.layers[index].state = .attention(heads: heads, key: key, value: value, window: nil)
      }
    }
    return model
  }
}
