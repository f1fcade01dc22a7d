@testable import Probe

/// Writes the header of a GGUF file. The declared sizes can be arbitrarily large, because no data follows.
struct GGUFMaker {
  enum Value {
    case number(UInt32)
    case numbers([UInt32])
    case flags([Bool])
    case text(String)
    case texts(count: Int, each: String)
    case float(Float)
  }

  var keys: [(String, Value)] = []
  var tensors: [(name: String, dimensions: [UInt64], type: UInt32)] = []
  /// Elements and bytes of a block, for the types that tests use.
  static let blocks: [UInt32: (Int, Int)] = [
    0: (1, 4), 1: (1, 2), 8: (32, 34), 12: (256, 144), 14: (256, 210), 2: (32, 18),
  ]

  mutating func set(_ key: String, _ value: Value) { keys.append((key, value)) }
  mutating func tensor(_ name: String, _ type: UInt32, _ dimensions: UInt64...) {
    tensors.append((name, dimensions, type))
  }

  /// Returns the header, and the size of a file that includes the data.
  func make() -> (header: [UInt8], fileSize: Int) {
    var out = Array("GGUF".utf8)
    append(UInt32(3), &out)
    append(UInt64(tensors.count), &out)
    append(UInt64(keys.count), &out)
    for (key, value) in keys {
      string(key, &out)
      switch value {
      case .number(let number):
        append(UInt32(4), &out)
        append(number, &out)
      case .float(let number):
        append(UInt32(6), &out)
        append(number.bitPattern, &out)
      case .text(let text):
        append(UInt32(8), &out)
        string(text, &out)
      case .numbers(let numbers):
        list(4, numbers.count, &out)
        for number in numbers { append(number, &out) }
      case .flags(let flags):
        list(7, flags.count, &out)
        out += flags.map { $0 ? 1 : 0 }
      case .texts(let count, let each):
        list(8, count, &out)
        for _ in 0..<count { string(each, &out) }
      }
    }
    var offset = 0
    for (name, dimensions, type) in tensors {
      string(name, &out)
      append(UInt32(dimensions.count), &out)
      for dimension in dimensions { append(dimension, &out) }
      append(type, &out)
      append(UInt64(offset), &out)
      let (elements, bytes) = Self.blocks[type] ?? (1, 1)
      offset += Int(dimensions.reduce(1, *)) / elements * bytes
      offset = (offset + 31) / 32 * 32
    }
    let start = (out.count + 31) / 32 * 32
    return (out, start + offset)
  }

  private func list(_ type: UInt32, _ count: Int, _ out: inout [UInt8]) {
    append(UInt32(9), &out)
    append(type, &out)
    append(UInt64(count), &out)
  }

  private func string(_ text: String, _ out: inout [UInt8]) {
    append(UInt64(text.utf8.count), &out)
    out += Array(text.utf8)
  }

  private func append<Number: FixedWidthInteger>(_ number: Number, _ out: inout [UInt8]) {
    for index in 0..<Number.bitWidth / 8 { out.append(UInt8(truncatingIfNeeded: number >> Number(index * 8))) }
  }
}

extension GGUFMaker {
  /// Returns a model with the tensors of Llama, all of one type except the norms.
  static func llama(
    _ architecture: String = "llama", layers: Int, embedding: Int, heads: Int, kvHeads: Int, width: Int? = nil,
    feedForward: Int, vocabulary: Int, context: Int = 8192, type: UInt32 = 8, experts: Int = 0, used: Int = 0,
    tied: Bool = false
  ) -> GGUFMaker {
    var maker = GGUFMaker()
    let width = width ?? embedding / heads
    maker.set("general.architecture", .text(architecture))
    maker.set("general.name", .text("a \(architecture)"))
    for (key, value) in [
      ("block_count", layers), ("context_length", context), ("embedding_length", embedding),
      ("feed_forward_length", feedForward), ("attention.head_count", heads), ("attention.head_count_kv", kvHeads),
      ("attention.key_length", width), ("attention.value_length", width),
    ] { maker.set("\(architecture).\(key)", .number(UInt32(value))) }
    if experts > 0 {
      maker.set("\(architecture).expert_count", .number(UInt32(experts)))
      maker.set("\(architecture).expert_used_count", .number(UInt32(used)))
    }
    maker.set("tokenizer.ggml.tokens", .texts(count: vocabulary, each: "token"))
    let e = UInt64(embedding)
    maker.tensor("token_embd.weight", type, e, UInt64(vocabulary))
    for layer in 0..<layers {
      let name = "blk.\(layer)."
      maker.tensor(name + "attn_norm.weight", 0, e)
      maker.tensor(name + "attn_q.weight", type, e, UInt64(heads * width))
      maker.tensor(name + "attn_k.weight", type, e, UInt64(kvHeads * width))
      maker.tensor(name + "attn_v.weight", type, e, UInt64(kvHeads * width))
      maker.tensor(name + "attn_output.weight", type, UInt64(heads * width), e)
      maker.tensor(name + "ffn_norm.weight", 0, e)
      for part in ["gate", "up", "down"] {
        if experts > 0 {
          maker.tensor(name + "ffn_\(part)_exps.weight", type, e, UInt64(feedForward), UInt64(experts))
        } else {
          maker.tensor(name + "ffn_\(part).weight", type, e, UInt64(feedForward))
        }
      }
    }
    maker.tensor("output_norm.weight", 0, e)
    if !tied { maker.tensor("output.weight", type, e, UInt64(vocabulary)) }
    return maker
  }

  func model() throws -> Model {
    let (header, size) = make()
    return try ModelFile.read(header, fileSize: size)
  }
}
