/// How a model is to be run.
public struct Usage: Sendable, Equatable {
  /// Tokens of context for each conversation.
  public var context = 4096
  /// Conversations at the same time.
  public var parallel = 1
  /// Tokens of a prompt that are worked on at once.
  public var batch = 512
  /// Whether attention is done without its large matrix in between.
  public var flashAttention = true
  /// Bits in which keys and values are kept, blocks' scales included: 16, 8.5 (Q8_0) or 4.5 (Q4_0).
  public var keyBits = 16.0
  public var valueBits = 16.0

  public init() {}
}

/// Bytes that a model needs, part by part.
public struct Demand: Sendable, Equatable {
  /// Weights of each layer that every token needs, with what the layer keeps of the context.
  public var layers: [Int]
  /// Weights of each layer's experts.
  public var experts: [Int]
  /// Keys, values and states of all layers: in `layers` already.
  public var cache: Int
  /// The output's weights.
  public var output: Int
  /// The input's table, which stays in the machine's memory.
  public var input: Int
  /// What is needed in between on each device that has a layer.
  public var compute: Int

  /// All of it on one device.
  public var whole: Int {
    layers.reduce(output.plus(compute)) { $0.plus($1) }.plus(experts.reduce(0) { $0.plus($1) })
  }

  /// Calculated as llama.cpp allocates it.
  public init(_ model: Model, _ usage: Usage) {
    let parallel = max(1, min(usage.parallel, 4096))
    let cells = Self.padded(max(1, usage.context).times(parallel), to: 256)
    var cache = 0
    layers = []
    for layer in model.layers {
      let kept = Self.kept(layer.memory, cells: cells, parallel: parallel, usage)
      cache = cache.plus(kept)
      layers.append(layer.dense.plus(kept))
    }
    self.cache = cache
    experts = model.layers.map(\.experts)
    output = model.outputBytes
    input = model.inputBytes
    compute = Self.compute(model, usage, cells: cells)
  }

  /// Bytes that one layer keeps of the context.
  static func kept(_ memory: Model.Memory, cells: Int, parallel: Int, _ usage: Usage) -> Int {
    switch memory {
    case .none: return 0
    case .recurrent(let bytes): return bytes.times(parallel)
    case .latent(let width): return bytes(cells.times(width), usage.keyBits)
    case .both(let heads, let key, let value, let state):
      return pair(cells, heads, key, value, usage).plus(state.times(parallel))
    case .attention(let heads, let key, let value, let window):
      guard let window else { return pair(cells, heads, key, value, usage) }
      // The window of each conversation, and room for a batch.
      let some = padded(window.times(parallel).plus(max(1, usage.batch)), to: 256)
      return pair(min(cells, some), heads, key, value, usage)
    }
  }

  private static func pair(_ cells: Int, _ heads: Int, _ key: Int, _ value: Int, _ usage: Usage) -> Int {
    let numbers = cells.times(heads)
    return bytes(numbers.times(key), usage.keyBits).plus(bytes(numbers.times(value), usage.valueBits))
  }

  private static func bytes(_ numbers: Int, _ bits: Double) -> Int { Int(saturating: Double(numbers) * bits / 8) }

  private static func padded(_ number: Int, to step: Int) -> Int {
    number > .max - step ? number : (number + step - 1) / step * step
  }

  /// The largest moment of the calculation: the choice among all tokens for a whole batch, or, without flash
  /// attention, every token's look at every other. Checked against what llama.cpp reports for several models.
  private static func compute(_ model: Model, _ usage: Usage, cells: Int) -> Int {
    let batch = max(1, min(usage.batch, usage.context))
    let row = batch.times(4)
    let choice = row.times(model.vocabulary).plus(row.times(model.embedding))
    let step = row.times(model.embedding).times(4)
    let attention =
      usage.flashAttention ? step : row.times(cells).times(model.heads).plus(row.times(cells)).plus(step)
    return max(choice, attention)
  }
}
