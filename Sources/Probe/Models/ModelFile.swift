internal import Glibc

/// Reads the headers of model files.
public enum ModelFile {
  /// Maximum bytes of a header. The largest vocabularies take tens of megabytes.
  public static let headerMax = 256 << 20
  private static let configurationMax = 1 << 20

  /// Returns the format of a file, from its first bytes.
  public static func format(_ bytes: [UInt8]) -> Model.Format? {
    if bytes.starts(with: Array("GGUF".utf8)) { return .gguf }
    if bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) { return .pytorch }
    // The header's length, then JSON.
    if bytes.count >= 9, bytes[8] == UInt8(ascii: "{"), bytes[5..<8].allSatisfy({ $0 == 0 }) { return .safetensors }
    // Field 1 with a small number: the version of the ONNX format.
    if bytes.count >= 2, bytes[0] == 0x08, bytes[1] > 0, bytes[1] < 0x40 { return .onnx }
    return nil
  }

  /// Reads a header in memory. `bytes` may be the beginning of a file of `fileSize` bytes.
  public static func read(_ bytes: [UInt8], fileSize: Int) throws(ModelFileError) -> Model {
    switch format(bytes) {
    case .gguf: try unsafe GGUFReader.read(bytes.span.bytes, fileSize: fileSize)
    case .safetensors: try SafetensorsReader.read(bytes, fileSize: fileSize)
    case .onnx: try unsafe ONNXReader.read(bytes.span.bytes, fileSize: fileSize)
    case .pytorch: Model(format: .pytorch)
    case .name, nil: throw .unknownFormat
    }
  }

  /// Reads the header of a file, the other parts of a split model, and the `config.json` of a safetensors model. Any
  /// part stands for all of them.
  ///
  /// The file is mapped into memory. If another program truncates it meanwhile, this process crashes, so the
  /// gateway must not call this.
  public static func read(_ path: String) throws(ModelFileError) -> Model {
    var budget = ReadBudget()
    return try read(path, within: &budget)
  }

  /// Reads a model within a budget.
  static func read(_ path: String, within budget: inout ReadBudget) throws(ModelFileError) -> Model {
    var gguf: GGUFModel?
    var model: Model?
    // Only the first part of a GGUF file has the model's keys.
    for part in parts(path) {
      let isFirst = model == nil && gguf == nil
      try budget.checkTime()
      let more = try readOne(part, &gguf, isFirst: isFirst, &budget)
      guard isFirst || more?.format == model?.format else { throw .malformed("\(part) has another format") }
      guard let more else { continue }
      if model == nil { model = more } else { model?.add(more) }
    }
    guard var model = gguf?.finish() ?? model else { throw .unknownFormat }
    guard model.kind == .model else { throw .notAModel(model.kind.rawValue) }
    if model.name.isEmpty { model.name = path.split(separator: "/").last.map(String.init) ?? path }
    return model
  }

  /// Reads one file: a part of a GGUF model into `gguf`, any other into a model.
  private static func readOne(
    _ path: String, _ gguf: inout GGUFModel?, isFirst: Bool, _ budget: inout ReadBudget
  ) throws(ModelFileError) -> Model? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable("\(path): \(unsafe String(cString: strerror(errno)))") }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable("\(path): not a regular file")
    }
    let size = Int(status.st_size)
    guard size > 0 else { throw .notAModel("an empty file") }
    guard let mapping = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe mapping != MAP_FAILED
    else {
      throw .unreadable("\(path): \(unsafe String(cString: strerror(errno)))")
    }
    defer { _ = unsafe munmap(mapping, size) }
    let whole = unsafe UnsafeRawBufferPointer(start: mapping, count: size)
    let first = unsafe Array(whole.prefix(64))
    switch format(first) {
    case .gguf:
      // A sparse file of terabytes costs nothing to make, so what is read counts and not what is there.
      let header = unsafe UnsafeRawBufferPointer(rebasing: whole.prefix(budget.bytes))
      let before = gguf?.model.tensors ?? 0
      do throws(ModelFileError) {
        let bytes = try unsafe GGUFReader.read(header.bytes, fileSize: size, into: &gguf)
        try budget.charge(bytes: bytes, tensors: (gguf?.model.tensors ?? 0).minus(before))
      } catch .incomplete(let needed) {
        throw header.count < size ? ReadBudget.tooLong : .incomplete(needed: needed)
      }
      return nil
    case .onnx: return try unsafe ONNXReader.read(whole.bytes, fileSize: size)
    case .safetensors:
      let length = first.prefix(8).reversed().reduce(0) { ($0 & 0xff_ffff_ffff) << 8 | Int($1) }
      let count = min(size, min(length, SafetensorsReader.headerMax).plus(8))
      try budget.charge(bytes: count, tensors: 0)
      let header = unsafe Array(whole.prefix(count))
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
      // One configuration describes the layers of all parts.
      let configuration = isFirst ? small(folder + "config.json") : nil
      let model = try SafetensorsReader.read(header, fileSize: size, configuration: configuration)
      try budget.charge(bytes: 0, tensors: model.tensors)
      return model
    case .pytorch:
      var model = Model(format: .pytorch)
      model.bytesExpected = size
      model.outputBytes = size
      model.notes.append(
        "a zip archive of pickles, which cannot be read without executing it; only its size is known")
      return model
    case .name, nil: throw otherKind(first).map { .notAModel($0) } ?? .unknownFormat
    }
  }

  /// Returns what a file is that a download leaves in place of a model, or `nil` if it is something else.
  static func otherKind(_ first: [UInt8]) -> String? {
    let text = String(decoding: first, as: UTF8.self).lowercased().drop { $0.isWhitespace || $0 == "\u{feff}" }
    if text.hasPrefix("version https://git-lfs") {
      return "a pointer of Git LFS, which stands for the file; run `git lfs pull` to download it"
    }
    if text.hasPrefix("<!doctype") || text.hasPrefix("<html") || text.hasPrefix("<?xml") {
      return "a web page; the download failed, perhaps because it needs a login"
    }
    if text.hasPrefix("{") || text.hasPrefix("[") { return "a JSON text, such as the error of a failed download" }
    return nil
  }

  /// Reads a small file; returns `nil` if that fails.
  private static func small(_ path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: configurationMax)
    let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
    return count > 0 ? Array(bytes[..<count]) : nil
  }

  /// Returns the paths of all parts of a model that is split into files named `…-00001-of-00003.…`, in order, or the
  /// path itself.
  static func parts(_ path: String) -> [String] {
    guard let split = SplitName(path) else { return [path] }
    return (1...split.count).map { split.path(of: $0) }
  }

  /// Returns the path of the first part of a split model, or the path itself.
  static func firstPart(_ path: String) -> String { SplitName(path)?.path(of: 1) ?? path }

  /// A name such as `…-00001-of-00003.…`, by its pieces.
  private struct SplitName {
    let count: Int
    private let front: String
    private let end: Substring

    init?(_ path: String) {
      guard let dot = path.lastIndex(of: ".") else { return nil }
      let words = path[..<dot].split(separator: "-", omittingEmptySubsequences: false)
      guard words.count >= 4, words[words.count - 2] == "of", let last = words.last, last.utf8.count == 5,
        let count = Int(last), (2...ReadBudget.partsMax).contains(count), let own = Int(words[words.count - 3]),
        (1...count).contains(own), words[words.count - 3].utf8.count == 5
      else { return nil }
      self.count = count
      front = words[..<(words.count - 3)].joined(separator: "-")
      end = path[last.startIndex...]
    }

    func path(of number: Int) -> String {
      let digits = String(number)
      return "\(front)-\(String(repeating: "0", count: 5 - digits.count))\(digits)-of-\(end)"
    }
  }
}

extension Model {
  /// Adds the tensors of another part of the same model.
  mutating func add(_ part: Model) {
    parameters = parameters.plus(part.parameters)
    tensors = tensors.plus(part.tensors)
    inputBytes = inputBytes.plus(part.inputBytes)
    outputBytes = outputBytes.plus(part.outputBytes)
    bytesExpected = bytesExpected.plus(part.bytesExpected)
    for (index, layer) in part.layers.enumerated() {
      if index >= layers.count {
        layers.append(layer)
      } else {
        layers[index].dense = layers[index].dense.plus(layer.dense)
        layers[index].experts = layers[index].experts.plus(layer.experts)
      }
    }
    for note in part.notes where !notes.contains(note) && notes.count < 16 { notes.append(note) }
  }
}

extension ModelFile {
  /// Returns the format version from a file's first bytes.
  public static func version(_ bytes: [UInt8], _ format: Model.Format) -> Int? {
    switch format {
    case .gguf:
      guard bytes.count >= 8 else { return nil }
      let low = Int(bytes[4]) | Int(bytes[5]) << 8
      return low != 0 ? low : Int(bytes[7])
    case .onnx: return Int(bytes[1])
    default: return nil
    }
  }
}
