/// Builds a model from a GGUF header: from the keys of its architecture, and from the names of its tensors.
struct GGUFModel {
  private let values: [String: GGUFValue]
  var model = Model(format: .gguf)
  /// Tensors of unknown types, whose size is the distance to the next tensor.
  private var unsized: [(offset: Int, layer: Int, isExpert: Bool)] = []
  private var offsets: [Int] = []
  private var dataEnd = 0
  private var typeBytes: [UInt32: Int] = [:]
  private var hasOutput = false
  /// The number of files of the model, and of those read so far.
  private var partCount = 1
  private var partsRead = 0
  private var adapterTensors = 0

  init(values: [String: GGUFValue], architecture: String, name: String) {
    self.values = values
    model.architecture = architecture
    model.name = name
  }

  private func number(_ key: String) -> Int? {
    if case .number(let number)? = values[model.architecture + "." + key], number >= 0 { return number }
    return nil
  }

  /// Returns one number per layer, from a key that is one number for all layers or a list.
  private func each(_ key: String, _ count: Int) -> [Int]? {
    switch values[model.architecture + "." + key] {
    case .number(let number)?: [Int](repeating: max(0, number), count: count)
    case .numbers(let numbers)?:
      (0..<count).map { numbers.isEmpty ? 0 : max(0, numbers[min($0, numbers.count - 1)]) }
    default: nil
    }
  }

  /// Reads the architecture's keys. `type` is what the file says that it contains.
  mutating func begin(type: String) throws(ModelFileError) {
    // Older files of projectors say it by their architecture alone.
    switch (type, model.architecture) {
    case ("adapter", _): model.kind = .adapter
    case ("mmproj", _), (_, "clip"): model.kind = .projector
    case ("vocab", _): model.kind = .vocabulary
    case ("imatrix", _): model.kind = .importanceMatrix
    default: break
    }
    let count = number("block_count") ?? 0
    guard count <= GGUFReader.layersMax else { throw .malformed("\(count) layers") }
    model.contextMax = number("context_length") ?? 0
    model.embedding = number("embedding_length") ?? 0
    model.expertCount = number("expert_count") ?? 0
    model.expertsUsed = min(number("expert_used_count") ?? 0, model.expertCount)
    let heads = each("attention.head_count", count) ?? [Int](repeating: 0, count: count)
    model.heads = heads.max() ?? 0
    model.vocabulary = number("vocab_size") ?? 0
    if case .elements(let tokens)? = values["tokenizer.ggml.tokens"] { model.vocabulary = tokens }
    let states = states(count, heads)
    model.layers = states.map { Model.Layer(dense: 0, state: $0) }
    if case .number(let type)? = values["general.file_type"] { model.quantization = GGMLType.fileType(type) ?? "" }
    if case .number(let parts)? = values["split.count"], parts > 1 {
      partCount = parts
    }
  }

  /// Returns the state that each layer keeps.
  private func states(_ count: Int, _ heads: [Int]) -> [Model.LayerState] {
    let kvHeads = each("attention.head_count_kv", count) ?? heads
    let latentRank = number("attention.kv_lora_rank") ?? 0
    let rope = number("rope.dimension_count") ?? 0
    let windows = windows(count)
    let recurrent = recurrentLayers(count, kvHeads)
    let recurrentBytes = stateBytes()
    return (0..<count).map { layer in
      let width = model.embedding / max(1, heads[layer])
      let key = number("attention.key_length") ?? width
      let value = number("attention.value_length") ?? width
      if recurrent[layer] {
        let isBoth = Self.parallel.contains(model.architecture) && kvHeads[layer] > 0
        return isBoth
          ? .both(heads: kvHeads[layer], key: key, value: value, recurrentBytes: recurrentBytes)
          : .recurrent(bytes: recurrentBytes)
      }
      if kvHeads[layer] == 0 { return .none }
      // Files made for latent attention state one head; older ones keep full keys and values.
      if latentRank > 0, kvHeads[layer] == 1 || number("attention.key_length_mla") != nil {
        return .latent(width: latentRank.plus(rope))
      }
      return .attention(heads: kvHeads[layer], key: key, value: value, window: windows[layer])
    }
  }

  /// Returns the window of each layer that attends only to the last tokens. Newer files list these layers. For
  /// older ones, the architecture has a period, and the last layer of each period attends to everything.
  private func windows(_ count: Int) -> [Int?] {
    let none = [Int?](repeating: nil, count: count)
    guard let window = number("attention.sliding_window"), window > 0 else { return none }
    switch values[model.architecture + ".attention.sliding_window_pattern"] {
    case .numbers(let flags)?: return (0..<count).map { $0 < flags.count && flags[$0] != 0 ? window : nil }
    case .number(let period)? where period > 1: return (0..<count).map { $0 % period < period - 1 ? window : nil }
    default: break
    }
    guard let period = Self.patterns[model.architecture] else { return none }
    return (0..<count).map { $0 % period < period - 1 ? window : nil }
  }

  /// Source: llama.cpp's set_swa_pattern calls, as of 2025.
  private static let patterns = [
    "gemma2": 2, "gemma3": 6, "gemma3n": 5, "gpt-oss": 2, "cohere2": 4, "llama4": 4, "exaone4": 4,
    "smallthinker": 4,
    "olmo2": 4,
  ]
  /// Architectures with attention and a recurrent state in the same layer.
  private static let parallel: Set<String> = ["falcon-h1"]
  private static let pureRecurrent: Set<String> = ["mamba", "mamba2", "rwkv6", "rwkv7", "arwkv7", "rwkv6qwen2"]

  private func recurrentLayers(_ count: Int, _ kvHeads: [Int]) -> [Bool] {
    if Self.pureRecurrent.contains(model.architecture) || Self.parallel.contains(model.architecture) {
      return [Bool](repeating: true, count: count)
    }
    let hasState = number("ssm.state_size") != nil || number("shortconv.l_cache") != nil
    guard hasState else { return [Bool](repeating: false, count: count) }
    if let interval = number("full_attention_interval"), interval > 0 {
      return (0..<count).map { ($0 + 1) % interval != 0 }
    }
    if model.architecture == "qwen3next" || model.architecture.hasPrefix("qwen35") {
      return (0..<count).map { ($0 + 1) % 4 != 0 }
    }
    return (0..<count).map { kvHeads[$0] == 0 }
  }

  /// Returns the bytes of one layer's state: the last inputs of its convolution and the state itself, as 32-bit
  /// numbers.
  private func stateBytes() -> Int {
    if let cache = number("shortconv.l_cache") { return max(0, cache - 1).times(model.embedding).times(4) }
    if let size = number("wkv.head_size") {
      return (2.times(model.embedding)).plus(size.times(model.embedding)).times(4)
    }
    let inner = number("ssm.inner_size") ?? 0
    let state = number("ssm.state_size") ?? 0
    let groups = number("ssm.group_count") ?? 0
    let kernel = number("ssm.conv_kernel") ?? 1
    let convolution = max(0, kernel - 1).times(inner.plus(2.times(groups).times(state)))
    return convolution.plus(state.times(inner)).times(4)
  }
}

extension GGUFModel {
  /// Adds a tensor.
  mutating func add(
    _ bytes: RawSpan, _ name: Range<Int>, elements: Int, type: UInt32, offset: Int
  ) throws(ModelFileError) {
    let tensor = GGUFTensorName(bytes, name)
    model.tensors += 1
    if tensor.isOfAdapter { adapterTensors += 1 }
    model.parameters = model.parameters.plus(elements)
    offsets.append(offset)
    guard let known = GGMLType.find(type) else {
      unsized.append((offset, tensor.layer, tensor.isExpert))
      if model.notes.count < 8 {
        model.notes.append("tensors of the unknown type \(type): their size is estimated")
      }
      return
    }
    guard let size = known.size(of: elements) else { throw .malformed("a tensor that does not fill whole blocks") }
    let (end, overflow) = offset.addingReportingOverflow(size)
    if overflow { throw .malformed("a tensor past the end of any file") }
    dataEnd = max(dataEnd, end)
    typeBytes[type, default: 0] = typeBytes[type, default: 0].plus(size)
    if tensor.kind == .output { hasOutput = true }
    charge(size, tensor)
  }

  private mutating func charge(_ size: Int, _ place: GGUFTensorName) {
    if place.kind == .input { return model.inputBytes = model.inputBytes.plus(size) }
    guard place.layer >= 0, place.layer < model.layers.count else {
      return model.outputBytes = model.outputBytes.plus(size)
    }
    if place.isExpert {
      model.layers[place.layer].experts = model.layers[place.layer].experts.plus(size)
    } else {
      model.layers[place.layer].dense = model.layers[place.layer].dense.plus(size)
    }
  }

  /// Estimates the missing sizes of one part, and compares the file's size with its contents.
  mutating func endPart(tensors: Int, dataStart: Int, alignment: Int, fileSize: Int) {
    let start = (dataStart.plus(alignment - 1)) / alignment * alignment
    sizeTheRest(max(0, fileSize.minus(start)))
    let expected = tensors == 0 ? dataStart : start.plus(dataEnd)
    if fileSize < expected {
      model.notes.append(
        "the file is truncated (its download was cut off): it has \(fileSize) of \(expected) bytes")
    }
    model.bytesExpected = model.bytesExpected.plus(expected)
    (unsized, offsets, dataEnd) = ([], [], 0)
    partsRead += 1
  }

  /// Returns the model, after its last part.
  func finish() -> Model {
    var model = model
    if model.kind == .model, model.tensors > 0, adapterTensors == model.tensors { model.kind = .adapter }
    if model.kind == .model, model.tensors == 0, partCount == 1 { model.kind = .vocabulary }
    if partsRead < partCount {
      model.notes.append("one of \(partCount) files; the tensors of the others belong to the model too")
    }
    // Without an output tensor, the model uses a copy of its input table for the output, on the device too.
    if !hasOutput, partsRead >= partCount, model.inputBytes > 0 {
      model.sharesTable = true
      model.outputBytes = model.outputBytes.plus(model.inputBytes)
    }
    if model.quantization.isEmpty, let most = typeBytes.max(by: { $0.value < $1.value }) {
      model.quantization = GGMLType.find(most.key)?.name ?? ""
    }
    return model
  }

  private mutating func sizeTheRest(_ dataSize: Int) {
    guard !unsized.isEmpty else { return }
    let sorted = offsets.sorted()
    for tensor in unsized {
      let next =
        sorted[Self.after(tensor.offset, in: sorted)..<sorted.endIndex].first ?? max(dataSize, tensor.offset)
      charge(next.minus(tensor.offset), GGUFTensorName(layer: tensor.layer, isExpert: tensor.isExpert))
      dataEnd = max(dataEnd, next)
    }
  }

  /// Returns the index of the first element larger than a number.
  private static func after(_ number: Int, in sorted: [Int]) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] > number { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// A tensor name, parsed: `blk.12.ffn_up_exps.weight` belongs to the experts of layer 12.
struct GGUFTensorName {
  /// The part of the model that a tensor belongs to.
  enum Kind { case layer, input, output, other }

  private(set) var layer = -1
  private(set) var isExpert = false
  private(set) var kind = Kind.other
  /// Whether it is half of the difference that an adapter makes to another tensor.
  private(set) var isOfAdapter = false

  init(layer: Int, isExpert: Bool) {
    self.layer = layer
    self.isExpert = isExpert
  }

  init(_ bytes: RawSpan, _ name: Range<Int>) {
    if GGUFReader.equals(bytes, name, "token_embd.weight") { kind = .input }
    if GGUFReader.equals(bytes, name, "output.weight") { kind = .output }
    if name.count > 7 {
      let end = name.upperBound - 7..<name.upperBound
      isOfAdapter = GGUFReader.equals(bytes, end, ".lora_a") || GGUFReader.equals(bytes, end, ".lora_b")
    }
    guard name.count > 4, GGUFReader.equals(bytes, name.lowerBound..<name.lowerBound + 4, "blk.") else { return }
    kind = .layer
    var number = 0
    var at = name.lowerBound + 4
    while at < name.upperBound, number < 1 << 20 {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: at, as: UInt8.self)
      guard byte >= 0x30, byte <= 0x39 else { break }
      number = number * 10 + Int(byte - 0x30)
      at += 1
    }
    layer = number
    // `_exps` near the end marks a tensor of several experts.
    var mark = at
    while mark + 6 <= name.upperBound, !isExpert {
      isExpert = GGUFReader.equals(bytes, mark..<mark + 5, "_exps")
      mark += 1
    }
  }
}
