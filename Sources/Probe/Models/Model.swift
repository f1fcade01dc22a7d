/// A model as its file's header describes it: enough to say what it needs, nothing of its weights.
public struct Model: Sendable, Equatable {
  /// How the file is laid out.
  public enum Format: String, Sendable {
    case gguf
    case safetensors
    case onnx
    /// A zip archive of pickles. It is recognised and not read: reading a pickle runs it.
    case pytorch
    /// Known by name alone.
    case name
  }

  /// What a layer keeps of what was said.
  public enum LayerState: Sendable, Equatable {
    /// A key and a value for each token and key-value head, of so many numbers each.
    case attention(heads: Int, key: Int, value: Int, window: Int?)
    /// One compressed vector of so many numbers for each token (multi-head latent attention).
    case latent(width: Int)
    /// A state of so many bytes, however long the context is.
    case recurrent(bytes: Int)
    /// Both, side by side in one layer.
    case both(heads: Int, key: Int, value: Int, recurrentBytes: Int)
    /// Nothing.
    case none
  }

  /// One layer.
  public struct Layer: Sendable, Equatable {
    /// Bytes of weights that every token needs.
    public var dense: Int
    /// Bytes of weights of experts, of which a token needs a few.
    public var experts: Int
    public var state: LayerState

    public init(dense: Int, experts: Int = 0, state: LayerState) {
      self.dense = dense
      self.experts = experts
      self.state = state
    }
  }

  public var format: Format
  public var formatVersion: Int?
  public var name = ""
  public var architecture = ""
  /// How its numbers are stored, as people call it.
  public var quantization = ""
  public var parameters = 0
  public var tensors = 0
  public var layers: [Layer] = []
  /// Bytes of the table of token vectors, which is read a row at a time and stays in the machine's memory.
  public var inputBytes = 0
  /// Bytes of what turns the last vector into a choice of tokens, and of what belongs to no layer.
  public var outputBytes = 0
  /// Whether the output's weights are the input's table: one in the file, two where a device has the output.
  public var sharesTable = false
  /// Tokens that it was trained for.
  public var contextMax = 0
  public var embedding = 0
  public var heads = 0
  public var vocabulary = 0
  public var expertCount = 0
  public var expertsUsed = 0
  /// Bytes that the file must have; more than it has when it was cut off.
  public var bytesExpected = 0
  /// What is odd about it.
  public var notes: [String] = []

  public init(format: Format) { self.format = format }

  /// Bytes of all weights in the file.
  public var weights: Int {
    layers.reduce(sharesTable ? outputBytes : inputBytes.plus(outputBytes)) { $0.plus($1.dense).plus($1.experts) }
  }

  /// Bytes of weights that one token needs to be made.
  public var activeWeights: Int {
    let share = expertCount > 0 ? Double(expertsUsed) / Double(expertCount) : 1
    return layers.reduce(outputBytes) { $0.plus($1.dense).plus(Int(saturating: Double($1.experts) * share)) }
  }

  /// Bits for each parameter, on average.
  public var bitsPerParameter: Double { parameters > 0 ? Double(weights) * 8 / Double(parameters) : 0 }
}

extension Model {
  /// What it is, in one line.
  public var summary: String {
    var words: [String] = []
    if !architecture.isEmpty { words.append(architecture) }
    if parameters > 0 { words.append("\(Summary.number(Double(parameters) / 1e9)) billion parameters") }
    if !quantization.isEmpty { words.append("\(quantization) (\(Summary.number(bitsPerParameter)) bits)") }
    if !layers.isEmpty { words.append("\(layers.count) layers") }
    if expertCount > 0 { words.append("\(expertsUsed) of \(expertCount) experts at a time") }
    if contextMax > 0 { words.append("made for \(contextMax) tokens") }
    return words.joined(separator: ", ")
  }
}
