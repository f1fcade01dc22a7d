/// Models that are known by name only, such as those that are not downloaded yet.
public enum NamedModel {
  /// A model of the catalog.
  public struct Entry: Sendable {
    public var name: String
    public var billions: Double
  }

  /// The models that `GET /v1/hardware/compatible-models` considers. Source: the models' cards.
  public static let catalog: [Entry] = [
    Entry(name: "Llama 3.1 8B", billions: 8), Entry(name: "Llama 3.1 70B", billions: 70),
    Entry(name: "Llama 3.1 405B", billions: 405), Entry(name: "Llama 3.2 1B", billions: 1),
    Entry(name: "Llama 3.2 3B", billions: 3), Entry(name: "Mistral 7B", billions: 7),
    Entry(name: "Mixtral 8x7B", billions: 46.7), Entry(name: "Mixtral 8x22B", billions: 141),
    Entry(name: "Mistral Large 2", billions: 123), Entry(name: "Gemma 2 2B", billions: 2),
    Entry(name: "Gemma 2 9B", billions: 9), Entry(name: "Gemma 2 27B", billions: 27),
    Entry(name: "Phi-3 Mini", billions: 3.8), Entry(name: "Phi-3 Medium", billions: 14),
    Entry(name: "Qwen 2.5 7B", billions: 7), Entry(name: "Qwen 2.5 14B", billions: 14),
    Entry(name: "Qwen 2.5 72B", billions: 72), Entry(name: "DeepSeek V3", billions: 671),
    Entry(name: "DeepSeek R1", billions: 671), Entry(name: "Falcon 7B", billions: 7),
    Entry(name: "Falcon 40B", billions: 40), Entry(name: "Falcon 180B", billions: 180),
    Entry(name: "Command R+", billions: 104), Entry(name: "DBRX", billions: 132),
    Entry(name: "Stable Diffusion XL", billions: 3.5), Entry(name: "Whisper Large v3", billions: 1.55),
  ]

  /// Mixture-of-experts models whose names state no size, or another than that of all parameters, which must fit into
  /// memory. Source: the models' cards.
  private static let experts: [(name: String, billions: Double, isActiveSize: Bool)] = [
    ("llama4scout", 109, true), ("llama4maverick", 402, true), ("gemma3ne2b", 6, true),
    ("gemma3ne4b", 8, true), ("deepseekv2", 236, false), ("deepseekv2lite", 16, false),
    ("deepseekcoderv2", 236, false), ("deepseekcoderv2lite", 16, false), ("deepseekv25", 236, false),
    ("deepseekv3", 671, false), ("deepseekr1", 671, false), ("kimik2", 1030, false), ("glm45", 358, false),
    ("glm45air", 110, false), ("glm46", 357, false), ("grok1", 314, false), ("grok2", 270, false),
    ("dbrx", 132, false), ("minimaxtext01", 456, false), ("minimaxm1", 456, false), ("minimaxm2", 230, false),
    ("hunyuana13b", 80, false), ("phi35moe", 42, false), ("qwen15moea27b", 14.3, false),
  ]

  /// Returns the number of all parameters of a model: as its name says, or as its card does where the name states that
  /// of the experts in use. `nil` if neither is known.
  static func allParameters(_ name: String) -> Double? {
    let stated = parameters(name)
    let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
    let known = experts.filter { plain.contains($0.name) }.max { $0.name.utf8.count < $1.name.utf8.count }
    guard let known, known.isActiveSize || stated == nil else { return stated }
    return known.billions * 1e9
  }

  /// Returns the number of parameters in a name, as in `70b`, `8x7b`, `0.5b`, or `350m`; `nil` if it contains none.
  ///
  /// The number must be a separate word and end in b or m: in `llama-3.1-70b` it is 70, not 3.1. In `17b-16e`, which
  /// states the parameters in use and the number of experts, all experts count; of several sizes, the largest does.
  public static func parameters(_ name: String) -> Double? {
    var found: Double?
    var expertCount = 0.0
    for word in name.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "." }) {
      if word.last == "e", let count = Int(word.dropLast()), (2...4096).contains(count) {
        expertCount = Double(count)
      }
      guard let unit = word.last, unit == "b" || unit == "m" else { continue }
      let factors = word.dropLast().split(separator: "x", omittingEmptySubsequences: false)
      guard (1...2).contains(factors.count),
        factors.allSatisfy({ $0.first?.isNumber == true && $0.last?.isNumber == true })
      else { continue }
      let numbers = factors.compactMap { Double($0) }
      guard numbers.count == factors.count else { continue }
      let count = numbers.reduce(1, *) * (unit == "b" ? 1e9 : 1e6)
      if count >= 1e6, count <= 1e14 { found = max(found ?? 0, count) }
    }
    // Attention and shared experts are in the file once, so not all of what is in use counts for each expert.
    return found.map { $0 * max(1, expertCount / 2) }
  }

  /// The average bytes per parameter of files by quantization, including their tensors of higher precision.
  private static let kinds: [(word: String, name: String, bytes: Double)] = [
    ("q2_k", "Q2_K", 0.37), ("q3_k", "Q3_K_M", 0.48), ("q4_0", "Q4_0", 0.57), ("q4_k", "Q4_K_M", 0.606),
    ("q5_k", "Q5_K_M", 0.71), ("q5_0", "Q5_0", 0.69), ("q6_k", "Q6_K", 0.82), ("q8_0", "Q8_0", 1.0625),
    ("q8", "Q8_0", 1.0625),
    ("iq1", "IQ1_M", 0.25), ("iq2", "IQ2_M", 0.34), ("iq3", "IQ3_M", 0.46), ("iq4", "IQ4_XS", 0.55),
    ("q4", "Q4_K_M", 0.606),
    ("bf16", "BF16", 2), ("fp16", "F16", 2), ("f16", "F16", 2), ("fp32", "F32", 4), ("f32", "F32", 4),
    ("fp8", "FP8", 1),
    ("int8", "INT8", 1), ("int4", "INT4", 0.56), ("mxfp4", "MXFP4", 0.54), ("awq", "INT4", 0.56),
    ("gptq", "INT4", 0.56),
  ]

  /// Typical shapes by size: billions of parameters, layers, embedding length, and query heads.
  private static let shapes: [(billions: Double, layers: Int, embedding: Int, heads: Int)] = [
    (0.6, 24, 1024, 16), (1.5, 16, 2048, 32), (4, 28, 3072, 24), (9, 32, 4096, 32), (15, 40, 5120, 40),
    (35, 64, 5120, 64), (80, 80, 8192, 64), (150, 88, 12_288, 96), (500, 126, 16_384, 128),
    (.infinity, 61, 7168, 128),
  ]

  /// Returns a model of typical shape for a name; `nil` if the name contains no size.
  public static func model(_ name: String) -> Model? {
    guard let count = allParameters(name) ?? known(name) else { return nil }
    return model(name, parameters: count)
  }

  /// Returns a model of typical shape and the given number of parameters.
  public static func model(_ name: String, parameters count: Double) -> Model {
    let lowered = name.lowercased()
    let kind = kinds.first { lowered.contains($0.word) } ?? kinds[3]
    let shape = shapes.first { count <= $0.billions * 1e9 } ?? shapes[shapes.count - 1]
    var model = Model(format: .name)
    model.name = name
    model.quantization = kind.name
    model.parameters = Int(saturating: count)
    model.embedding = shape.embedding
    model.heads = shape.heads
    model.vocabulary = 128_256
    let all = Int(saturating: count * kind.bytes)
    let table = min(all / 8, Int(saturating: Double(shape.embedding * model.vocabulary) * kind.bytes))
    model.inputBytes = table
    model.outputBytes = table
    let each = max(0, all.minus(table.times(2))) / shape.layers
    model.layers = (0..<shape.layers).map { _ in
      Model.Layer(dense: each, state: .attention(heads: min(8, shape.heads), key: 128, value: 128, window: nil))
    }
    model.notes = ["known by name only; assumes a typical shape and \(kind.name)"]
    return model
  }

  private static func known(_ name: String) -> Double? {
    let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
    return catalog.first { $0.name.lowercased().filter { $0.isLetter || $0.isNumber } == plain }.map {
      $0.billions * 1e9
    }
  }
}
