import Foundation
import Testing

@testable import Probe

/// safetensors, ONNX, PyTorch, and names.
@Suite struct OtherFormatsTests {
  private func safetensors(_ json: String) -> [UInt8] {
    let count = json.utf8.count
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + Array(json.utf8)
  }

  @Test func `a safetensors header contains parameters and layers, and its configuration the rest`() throws {
    let bytes = safetensors(
      """
      {"__metadata__":{"format":"pt"},
       "model.embed_tokens.weight":{"dtype":"BF16","shape":[1000,64],"data_offsets":[0,128000]},
       "model.layers.0.mlp.up_proj.weight":{"dtype":"BF16","shape":[64,64],"data_offsets":[128000,136192]},
       "model.layers.1.mlp.experts.0.up.weight":{"dtype":"BF16","shape":[64,64],"data_offsets":[136192,144384]}}
      """)
    let configuration = Array(
      """
      {"model_type":"llama","num_hidden_layers":2,"hidden_size":64,"num_attention_heads":4,"num_key_value_heads":2,
       "vocab_size":1000,"max_position_embeddings":4096,"layer_types":["sliding_attention","full_attention"],"sliding_window":512}
      """.utf8)
    let model = try SafetensorsReader.read(bytes, fileSize: bytes.count + 144_384, configuration: configuration)
    #expect(model.parameters == 64_000 + 4096 * 2)
    #expect(model.quantization == "BF16")
    #expect(model.layers.map(\.dense) == [8192, 0])
    #expect(model.layers.map(\.experts) == [0, 8192])
    #expect(model.layers[0].state == .attention(heads: 2, key: 16, value: 16, window: 512))
    #expect(model.inputBytes == 128_000)
    #expect(model.notes.isEmpty)
    #expect(try SafetensorsReader.read(bytes, fileSize: bytes.count).notes.contains { $0.contains("truncated") })
  }

  @Test func `eight weights packed into one number are eight parameters`() throws {
    let bytes = safetensors(
      """
      {"model.layers.0.q.qweight":{"dtype":"I32","shape":[8,64],"data_offsets":[0,2048]},
       "model.layers.0.q.scales":{"dtype":"F16","shape":[64],"data_offsets":[2048,2176]}}
      """)
    let model = try ModelFile.read(bytes, fileSize: bytes.count + 2176)
    #expect(model.parameters == 8 * 64 * 8)
    #expect(model.quantization == "INT4")
  }

  @Test(arguments: [
    "{", "[]", "{\"a\":1}", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,7]}}",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
    "{\"a\":{\"shape\":[9223372036854775807,9],\"data_offsets\":[0,4]}}",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", "{}{}", "{\"a\":{\"data_offsets\":[0]}}",
  ])
  func `an invalid header is rejected`(json: String) {
    #expect(throws: ModelFileError.self) { try SafetensorsReader.read(safetensors(json), fileSize: 1 << 20) }
  }

  @Test(arguments: [
    "{\"t\":{\"dtype\":\"X\",\"shape\":[1],\"data_offsets\":[0,9223372036854775807]}}",
    "{\"t\":{\"dtype\":\"F4\",\"shape\":[2305843009213693951],\"data_offsets\":[0,1]}}",
    "{\"t\":{\"dtype\":\"F6_E2M3\",\"shape\":[1537228672809129301],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"X\",\"shape\":[1],\"data_offsets\":[0,9000000000000000000]},"
      + "\"b\":{\"dtype\":\"X\",\"shape\":[1],\"data_offsets\":[0,9000000000000000000]}}",
  ])
  func `numbers at the end of what fits into 64 bits do not overflow`(json: String) {
    if let model = try? SafetensorsReader.read(safetensors(json), fileSize: 1 << 20) {
      #expect(model.bytesExpected > 1 << 62)
      #expect(model.notes.contains { $0.contains("truncated") })
    }
  }

  @Test func `deep nesting and long headers are limited`() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: ModelFileError.self) {
      try SafetensorsReader.read(safetensors("{\"a\":" + deep), fileSize: 1 << 20)
    }
    #expect(throws: ModelFileError.self) {
      try SafetensorsReader.read([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x7b], fileSize: 1 << 20)
    }
  }

  private func onnx() -> [UInt8] {
    func field(_ number: UInt8, _ contents: [UInt8]) -> [UInt8] {
      [number << 3 | 2, UInt8(contents.count)] + contents
    }
    let weights = field(9, [1, 2, 3, 4])
    let tensor = [0x08, 2, 0x08, 3, 0x10, 10] + field(8, Array("w".utf8)) + weights
    let packed = field(1, [4, 5]) + [0x10, 1]
    let graph = field(2, Array("net".utf8)) + field(5, tensor) + field(5, packed)
    return [0x08, 8] + field(2, Array("pytorch".utf8)) + field(7, graph)
  }

  @Test func `the tensors of an ONNX file are counted and its weights skipped`() throws {
    let bytes = onnx()
    let model = try ModelFile.read(bytes, fileSize: bytes.count)
    #expect(model.format == .onnx)
    #expect(model.formatVersion == 8)
    #expect(model.parameters == 2 * 3 + 4 * 5)
    #expect(model.tensors == 2)
    #expect(model.architecture == "net")
  }

  @Test func `an ONNX file that is cut or wrong anywhere yields plausible counts or an error`() throws {
    let bytes = onnx()
    let right = try ModelFile.read(bytes, fileSize: bytes.count)
    var read = 0
    for end in 0..<bytes.count {
      guard let model = try? ModelFile.read(Array(bytes[..<end]), fileSize: bytes.count) else { continue }
      #expect(model.tensors <= right.tensors, "cut at \(end)")
      read += 1
    }
    for at in bytes.indices {
      for value in [UInt8(0), 0x7f, 0xff] {
        var wrong = bytes
        wrong[at] = value
        guard let model = try? ModelFile.read(wrong, fileSize: wrong.count) else { continue }
        #expect(model.tensors <= wrong.count, "byte \(at) is \(value)")
        read += 1
      }
    }
    #expect(read > 10)
  }

  @Test func `a zip archive is recognized but not opened, and a text file has no format`() throws {
    #expect(try ModelFile.read([0x50, 0x4b, 3, 4, 0, 0], fileSize: 100).format == .pytorch)
    #expect(throws: ModelFileError.unknownFormat) { try ModelFile.read(Array("#!/bin/sh\n".utf8), fileSize: 10) }
    #expect(throws: ModelFileError.unknownFormat) { try ModelFile.read([], fileSize: 0) }
  }

  @Test(arguments: [
    ("llama-3.1-70b", 70e9), ("llama3.2:1b", 1e9), ("mixtral-8x7b-instruct", 56e9), ("qwen2.5-0.5b", 0.5e9),
    ("smollm-135m", 135e6), ("Qwen3-30B-A3B", 30e9), ("gpt-oss:20b", 20e9),
  ])
  func `a name contains the size of a model`(name: String, expected: Double) {
    #expect(NamedModel.parameters(name) == expected)
  }

  @Test(arguments: ["gpt-4o", "claude-3", "llama", "", "b", "xb", "1e400b", "8xb", "3.1"])
  func `a name without a size has none`(name: String) { #expect(NamedModel.parameters(name) == nil) }

  @Test func `a named model is about as large as real files of its kind`() throws {
    let model = try #require(NamedModel.model("llama-3.1-8b-q4_K_M"))
    #expect(abs(Double(model.weights) / 4.92e9 - 1) < 0.05)
    #expect(try #require(NamedModel.model("Mixtral 8x7B")).parameters == 56_000_000_000)
    #expect(NamedModel.model("no idea") == nil)
  }
}
