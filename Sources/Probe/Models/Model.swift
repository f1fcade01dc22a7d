/// A model, as the header of its file describes it: sizes and shape, no weights.
public struct Model: Sendable, Equatable {
  /// A file format.
  public enum Format: String, Sendable {
    case gguf
    case safetensors
    case onnx
    /// A zip archive of pickles. It is recognized but not read, because reading a pickle executes it.
    case pytorch
    /// No file; known by name only.
    case name
  }

  /// The state that a layer keeps of the context.
  public enum LayerState: Sendable, Equatable {
    /// Keys and values per token: the number of key-value heads, and the elements of one key and one value.
    case attention(heads: Int, key: Int, value: Int, window: Int?)
    /// One compressed vector per token (multi-head latent attention), with its number of elements.
    case latent(width: Int)
    /// A state of a fixed number of bytes.
    case recurrent(bytes: Int)
    /// Attention and a recurrent state in one layer.
    case both(heads: Int, key: Int, value: Int, recurrentBytes: Int)
    case none
  }

  /// One layer.
  public struct Layer: Sendable, Equatable {
    /// Bytes of weights that every token uses.
    public var dense: Int
    /// Bytes of the experts' weights, of which a token uses some.
    public var experts: Int
    public var state: LayerState

    public init(dense: Int, experts: Int = 0, state: LayerState) {
      self.dense = dense
      self.experts = experts
      self.state = state
    }
  }

  /// The content of a file. Only a model can be planned.
  public enum Kind: String, Sendable {
    case model = "a model"
    case adapter = "an adapter, which belongs to a base model"
    case projector = "a projector for images or sound, which belongs to a language model"
    case vocabulary = "a vocabulary alone, without tensors"
    case importanceMatrix = "an importance matrix, which helps to quantize a model"
  }

  public var format: Format
  public var kind = Kind.model
  public var formatVersion: Int?
  public var name = ""
  public var architecture = ""
  /// The quantization by its common name.
  public var quantization = ""
  public var parameters = 0
  public var tensors = 0
  public var layers: [Layer] = []
  /// Bytes of the token embedding table, which is read by row and stays in the machine's memory.
  public var inputBytes = 0
  /// Bytes of the output weights, and of weights that belong to no layer.
  public var outputBytes = 0
  /// Whether the output weights are the embedding table: one copy in the file, two if a device holds the output.
  public var sharesTable = false
  /// The context length that the model was trained for, in tokens.
  public var contextMax = 0
  public var embedding = 0
  public var heads = 0
  public var vocabulary = 0
  public var expertCount = 0
  public var expertsUsed = 0
  /// The size that the file should have, in bytes. A truncated file is smaller.
  public var bytesExpected = 0
  /// Remarks about the file, such as a missing part.
  public var notes: [String] = []

  public init(format: Format) { self.format = format }

  /// Bytes of all weights.
  public var weights: Int {
    layers.reduce(sharesTable ? outputBytes : inputBytes.plus(outputBytes)) { $0.plus($1.dense).plus($1.experts) }
  }

  /// Bytes of the weights that generating one token reads.
  public var activeWeights: Int {
    let share = expertCount > 0 ? Double(expertsUsed) / Double(expertCount) : 1
    return layers.reduce(outputBytes) { $0.plus($1.dense).plus(Int(saturating: Double($1.experts) * share)) }
  }

  /// The average number of bits per parameter.
  public var bitsPerParameter: Double { parameters > 0 ? Double(weights) * 8 / Double(parameters) : 0 }
}

extension Model {
  /// The model in one line.
  public var summary: String {
    var words: [String] = []
    if !architecture.isEmpty { words.append(architecture) }
    if parameters > 0 { words.append("\(Summary.number(Double(parameters) / 1e9)) billion parameters") }
    if !quantization.isEmpty { words.append("\(quantization) (\(Summary.number(bitsPerParameter)) bits)") }
    if !layers.isEmpty { words.append("\(layers.count) layers") }
    if expertCount > 0 { words.append("\(expertsUsed) of \(expertCount) experts per token") }
    if contextMax > 0 { words.append("context length \(contextMax)") }
    return words.joined(separator: ", ")
  }
}
