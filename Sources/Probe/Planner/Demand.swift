/// The memory that a model needs, in bytes by part.
public struct Demand: Sendable, Equatable {
  /// Each layer's weights that every token uses, and its state.
  public var layers: [Int]
  /// The weights of each layer's experts.
  public var experts: [Int]
  /// The keys, values, and states of all layers, which `layers` includes.
  public var cache: Int
  /// The output weights.
  public var output: Int
  /// The embedding table, which stays in the machine's memory.
  public var input: Int
  /// The compute buffers of each device that holds a layer.
  public var compute: Int

  /// The total for a single device.
  public var whole: Int {
    layers.reduce(output.plus(compute)) { $0.plus($1) }.plus(experts.reduce(0) { $0.plus($1) })
  }

  /// Calculates the demand as llama.cpp allocates it.
  public init(_ model: Model, _ options: RunOptions) {
    let parallel = max(1, min(options.parallel, 4096))
    let cells = Self.padded(max(1, options.context).times(parallel), to: 256)
    var cache = 0
    layers = []
    for layer in model.layers {
      let kept = Self.kept(layer.state, cells: cells, parallel: parallel, options)
      cache = cache.plus(kept)
      layers.append(layer.dense.plus(kept))
    }
    self.cache = cache
    experts = model.layers.map(\.experts)
    output = model.outputBytes
    input = model.inputBytes
    compute = Self.compute(model, options, cells: cells)
  }

  /// Returns the bytes of one layer's state.
  static func kept(_ state: Model.LayerState, cells: Int, parallel: Int, _ options: RunOptions) -> Int {
    switch state {
    case .none: return 0
    case .recurrent(let bytes): return bytes.times(parallel)
    case .latent(let width): return bytes(cells.times(width), options.keyBits)
    case .both(let heads, let key, let value, let state):
      return pair(cells, heads, key, value, options).plus(state.times(parallel))
    case .attention(let heads, let key, let value, let window):
      guard let window else { return pair(cells, heads, key, value, options) }
      // The window of each sequence, and one batch.
      let some = padded(window.times(parallel).plus(max(1, options.batch)), to: 256)
      return pair(min(cells, some), heads, key, value, options)
    }
  }

  private static func pair(_ cells: Int, _ heads: Int, _ key: Int, _ value: Int, _ options: RunOptions) -> Int {
    let numbers = cells.times(heads)
    return bytes(numbers.times(key), options.keyBits).plus(bytes(numbers.times(value), options.valueBits))
  }

  private static func bytes(_ numbers: Int, _ bits: Double) -> Int { Int(saturating: Double(numbers) * bits / 8) }

  private static func padded(_ number: Int, to step: Int) -> Int {
    number > .max - step ? number : (number + step - 1) / step * step
  }

  /// Returns the peak size of the compute buffers: the logits of a batch, or without flash attention the attention
  /// matrix. Verified against the sizes that llama.cpp reports for several models.
  private static func compute(_ model: Model, _ options: RunOptions, cells: Int) -> Int {
    let batch = max(1, min(options.batch, options.context))
    let row = batch.times(4)
    let logits = row.times(model.vocabulary).plus(row.times(model.embedding))
    let step = row.times(model.embedding).times(4)
    let attention =
      options.flashAttention ? step : row.times(cells).times(model.heads).plus(row.times(cells)).plus(step)
    return max(logits, attention)
  }
}
