/// Reads the header of a safetensors file, and the shape of the model from its `config.json`. Source: the
/// safetensors format page of Hugging Face.
enum SafetensorsReader {
  /// The format's limit on its header, in bytes.
  static let headerMax = 100_000_000
  static let tensorsMax = 1 << 20

  /// Reads a model. `bytes` begins with the header of a file of `fileSize` bytes; `configuration` is its
  /// `config.json`.
  static func read(_ bytes: [UInt8], fileSize: Int, configuration: [UInt8]? = nil) throws(ModelFileError) -> Model {
    guard bytes.count >= 8 else { throw .incomplete(needed: 8) }
    var length = 0
    for index in (0..<8).reversed() {
      guard length <= Int.max >> 9 else { throw .malformed("a header longer than any file") }
      length = length << 8 | Int(bytes[index])
    }
    guard length >= 2, length <= headerMax else { throw .malformed("a header of \(length) bytes") }
    guard bytes.count >= 8 + length else { throw .incomplete(needed: 8 + length) }
    var reader = Reader()
    do throws(JSONParseError) {
      try reader.readHeader(Array(bytes[8..<8 + length]))
    } catch {
      throw .malformed("a header that is not valid JSON at byte \(8 + error.offset)")
    }
    if let problem = reader.problem { throw .malformed(problem) }
    reader.model.bytesExpected = length.plus(8).plus(reader.dataEnd)
    if fileSize < reader.model.bytesExpected {
      reader.model.notes.append(
        "the file is truncated (its download was cut off): it has \(fileSize) of \(reader.model.bytesExpected) bytes"
      )
    }
    if let configuration { try? reader.readConfiguration(configuration) }
    return reader.finish()
  }

  /// Returns the bits of one element.
  private static func bits(_ type: String) -> Int? {
    switch type {
    case "F64", "I64", "U64", "C64": 64
    case "F32", "I32", "U32": 32
    case "F16", "BF16", "I16", "U16": 16
    case "F8_E4M3", "F8_E5M2", "F8_E8M0", "I8", "U8", "BOOL": 8
    case "F6_E2M3", "F6_E3M2": 6
    case "F4": 4
    default: nil
    }
  }

  fileprivate struct Reader {
    var model = Model(format: .safetensors)
    var dataEnd = 0
    var problem: String?
    fileprivate var typeBytes: [String: Int] = [:]
    fileprivate var packed = 0
    fileprivate var adapterTensors = 0
    fileprivate var layers: [Int: (dense: Int, experts: Int)] = [:]
    fileprivate var states: [Model.LayerState] = []

    /// Reads the tensors.
    mutating func readHeader(_ bytes: [UInt8]) throws(JSONParseError) {
      var walker = JSONReader(bytes)
      try walker.members { (name, walker) throws(JSONParseError) in
        if name == "__metadata__" { return }
        try self.readTensor(name, &walker)
      }
      if !walker.isAtEnd() { problem = "extra bytes after its header" }
    }

    private mutating func readTensor(_ name: String, _ walker: inout JSONReader) throws(JSONParseError) {
      var type = ""
      var elements = 1
      var isCountable = true
      var ends: [Int] = []
      try walker.members { (key, walker) throws(JSONParseError) in
        switch key {
        case "dtype": type = try walker.text() ?? ""
        case "shape":
          try walker.elements { (walker) throws(JSONParseError) in
            guard let size = try walker.integer(), size >= 0 else { return isCountable = false }
            let (product, overflow) = elements.multipliedReportingOverflow(by: size)
            if overflow { isCountable = false } else { elements = product }
          }
        case "data_offsets":
          try walker.elements { (walker) throws(JSONParseError) in ends.append(try walker.integer() ?? -1) }
        default: break
        }
      }
      guard isCountable, ends.count == 2, ends[0] >= 0, ends[1] >= ends[0] else {
        return problem = problem ?? "an invalid tensor: \(name.prefix(64))"
      }
      take(name, type, elements, ends[1].minus(ends[0]), end: ends[1])
    }

    private mutating func take(_ name: String, _ type: String, _ elements: Int, _ size: Int, end: Int) {
      model.tensors += 1
      if model.tensors > SafetensorsReader.tensorsMax {
        return problem = "more than \(SafetensorsReader.tensorsMax) tensors"
      }
      if let bits = SafetensorsReader.bits(type) {
        let (all, overflow) = elements.multipliedReportingOverflow(by: bits)
        if overflow || all / 8 + (all % 8 > 0 ? 1 : 0) != size {
          return problem = problem ?? "a tensor whose size contradicts its shape: \(name.prefix(64))"
        }
      }
      dataEnd = max(dataEnd, end)
      typeBytes[type, default: 0] = typeBytes[type, default: 0].plus(size)
      if name.contains(".lora_A.") || name.contains(".lora_B.") { adapterTensors += 1 }
      // GPTQ and AWQ pack eight 4-bit weights into one number.
      let isPacked = name.hasSuffix(".qweight") && type == "I32"
      if isPacked { packed = packed.plus(size) }
      let isAuxiliary = name.hasSuffix(".qzeros") || name.hasSuffix(".scales") || name.hasSuffix(".g_idx")
      if !isAuxiliary { model.parameters = model.parameters.plus(isPacked ? elements.times(8) : elements) }
      charge(name, size)
    }

    private mutating func charge(_ name: String, _ size: Int) {
      let words = name.split(separator: ".")
      if name.contains("embed_tokens") || name.contains("wte.") {
        model.inputBytes = model.inputBytes.plus(size)
      } else if let index = words.firstIndex(where: { $0 == "layers" || $0 == "h" || $0 == "blocks" }),
        index + 1 < words.count, let layer = Int(words[index + 1]), layer >= 0, layer < GGUFReader.layersMax
      {
        var sums = layers[layer] ?? (0, 0)
        if words.contains("experts") {
          sums.experts = sums.experts.plus(size)
        } else {
          sums.dense = sums.dense.plus(size)
        }
        layers[layer] = sums
      } else {
        model.outputBytes = model.outputBytes.plus(size)
      }
    }
  }
}

extension SafetensorsReader.Reader {
  /// Reads the shape of the model from the `config.json` that transformers writes.
  mutating func readConfiguration(_ bytes: [UInt8]) throws(JSONParseError) {
    var numbers: [String: Int] = [:]
    var types: [String] = []
    var walker = JSONReader(bytes)
    try walker.members { (key, walker) throws(JSONParseError) in
      switch (key, walker.peek()) {
      case ("model_type", _): self.model.architecture = try walker.text() ?? ""
      case ("layer_types", .array):
        try walker.elements { (walker) throws(JSONParseError) in
          if types.count < GGUFReader.layersMax { types.append(try walker.text() ?? "") }
        }
      case ("text_config", .object):
        try walker.members { (key, walker) throws(JSONParseError) in
          if walker.peek() == .number { numbers[key] = try walker.integer() }
        }
      case (_, .number): numbers[key] = try walker.integer()
      default: break
      }
    }
    describe(numbers, types)
  }

  private mutating func describe(_ numbers: [String: Int], _ types: [String]) {
    func number(_ names: String...) -> Int? {
      names.lazy.compactMap { numbers[$0] }.first.flatMap { $0 >= 0 ? $0 : nil }
    }
    let count = min(number("num_hidden_layers", "n_layer") ?? 0, GGUFReader.layersMax)
    model.embedding = number("hidden_size", "n_embd") ?? 0
    model.heads = number("num_attention_heads", "n_head") ?? 0
    model.vocabulary = number("vocab_size") ?? 0
    model.contextMax = number("max_position_embeddings", "n_positions") ?? 0
    model.expertCount = number("num_local_experts", "num_experts", "n_routed_experts") ?? 0
    model.expertsUsed = min(number("num_experts_per_tok") ?? 0, model.expertCount)
    let kvHeads = number("num_key_value_heads") ?? model.heads
    let width = number("head_dim") ?? (model.heads > 0 ? model.embedding / model.heads : 0)
    let latent = number("kv_lora_rank") ?? 0
    states = (0..<count).map { layer in
      if latent > 0 { return .latent(width: latent.plus(number("qk_rope_head_dim") ?? 0)) }
      let type = layer < types.count ? types[layer] : ""
      if type == "linear_attention" { return .recurrent(bytes: 0) }
      let window = type == "sliding_attention" ? number("sliding_window") : nil
      return .attention(heads: kvHeads, key: width, value: width, window: window)
    }
  }

  /// Returns the model.
  func finish() -> Model {
    var model = self.model
    let count = max(states.count, (layers.keys.max() ?? -1) + 1)
    model.layers = (0..<count).map { layer in
      let sums = layers[layer] ?? (0, 0)
      return Model.Layer(
        dense: sums.dense, experts: sums.experts, state: layer < states.count ? states[layer] : .none)
    }
    if model.tensors > 0, adapterTensors == model.tensors { model.kind = .adapter }
    if packed > model.weights / 2 {
      model.quantization = "INT4"
    } else {
      model.quantization = typeBytes.max { $0.value < $1.value }?.key ?? ""
    }
    return model
  }
}
