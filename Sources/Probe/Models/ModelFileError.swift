/// Why a file is not a model that can be read.
public enum ModelFileError: Error, Equatable, CustomStringConvertible {
  /// It ends before its header does; so many bytes would be needed to go on.
  case incomplete(needed: Int)
  /// It is none of the formats.
  case unknownFormat
  /// It says something that cannot be; the text says what.
  case malformed(String)
  /// It cannot be opened or read.
  case unreadable(String)

  public var description: String {
    switch self {
    case .incomplete: "the file ends inside its header: the download was cut off"
    case .unknownFormat: "not a model of a known format (GGUF, safetensors, ONNX, PyTorch)"
    case .malformed(let what): "not a sound model file: \(what)"
    case .unreadable(let why): why
    }
  }
}
