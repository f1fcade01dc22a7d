/// An error in reading a model file.
public enum ModelFileError: Error, Equatable, CustomStringConvertible {
  /// The file ends within its header; `needed` is the size from which reading can continue.
  case incomplete(needed: Int)
  /// The file has no known format.
  case unknownFormat
  /// The file is recognized, but it is no model: what it is, and what to give instead.
  case notAModel(String)
  /// The file contradicts itself or exceeds a limit.
  case malformed(String)
  /// The file cannot be opened or read.
  case unreadable(String)

  public var description: String {
    switch self {
    case .incomplete: "the file ends within its header; the download was cut off"
    case .unknownFormat: "not a model of a known format (GGUF, safetensors, ONNX, PyTorch)"
    case .notAModel(let what): "not a model: \(what)"
    case .malformed(let what): "not a valid model file: \(what)"
    case .unreadable(let why): why
    }
  }
}
