import Foundation
import Testing

@testable import Probe

/// Files and folders as downloads and converters leave them.
@Suite struct ModelFolderTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "models-\(UUID().uuidString)")

  /// Writes files and returns the folder's path.
  private func write(_ files: [String: [UInt8]]) throws -> String {
    for (name, bytes) in files {
      let path = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: path)
    }
    return folder.path
  }

  private func done() { try? FileManager.default.removeItem(at: folder) }

  private static func safetensors(_ name: String) -> [UInt8] {
    let json = "{\"\(name)\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"
    return (0..<8).map { UInt8(truncatingIfNeeded: json.utf8.count >> ($0 * 8)) } + Array(json.utf8) + [0, 0, 0, 0]
  }

  /// Returns a GGUF file with keys and 16-bit tensors, and the data of the tensors.
  private static func gguf(_ keys: [(String, GGUFMaker.Value)], _ tensors: [String]) -> [UInt8] {
    var maker = GGUFMaker()
    for (key, value) in keys { maker.set(key, value) }
    for tensor in tensors { maker.tensor(tensor, 1, 64) }
    let (header, size) = maker.make()
    return header + [UInt8](repeating: 0, count: size - header.count)
  }

  private static let llama: [(String, GGUFMaker.Value)] = [
    ("general.architecture", .text("llama")), ("llama.block_count", .number(3)),
    ("llama.embedding_length", .number(64)), ("llama.attention.head_count", .number(4)),
  ]

  // MARK: Split files

  @Test(arguments: [1, 2, 3], [false, true])
  func `each part of a split file stands for the whole one`(part: Int, isFirstEmpty: Bool) throws {
    defer { done() }
    let tensors = [
      "token_embd.weight", "blk.0.attn_q.weight", "blk.1.attn_q.weight", "blk.2.ffn_up_exps.weight",
      "output.weight",
    ]
    let groups =
      isFirstEmpty
      ? [[], Array(tensors[..<3]), Array(tensors[3...])]
      : [
        Array(tensors[..<2]), Array(tensors[2..<3]), Array(tensors[3...]),
      ]
    var files = ["whole.gguf": Self.gguf(Self.llama, tensors)]
    for number in 1...3 {
      let keys = (number == 1 ? Self.llama : []) + [("split.count", .number(3))]
      files["m-0000\(number)-of-00003.gguf"] = Self.gguf(keys, groups[number - 1])
    }
    let path = try write(files)
    var whole = try ModelFile.read(path + "/whole.gguf")
    var parts = try ModelFile.read(path + "/m-0000\(part)-of-00003.gguf")
    (whole.name, parts.name) = ("", "")
    (whole.bytesExpected, parts.bytesExpected) = (0, 0)
    #expect(parts == whole)
  }

  @Test func `one part alone does not share its table, because another part may have the output`() throws {
    let bytes = Self.gguf(Self.llama + [("split.count", .number(3))], ["token_embd.weight"])
    let part = try ModelFile.read(bytes, fileSize: bytes.count)
    #expect(!part.sharesTable)
    #expect(part.notes.contains { $0.contains("one of 3 files") })
    let whole = Self.gguf(Self.llama, ["token_embd.weight"])
    #expect(try ModelFile.read(whole, fileSize: whole.count).sharesTable)
  }

  @Test func `a part that is missing is named, and so is the size of one that was cut off`() throws {
    defer { done() }
    let keys = Self.llama + [("split.count", .number(2))]
    let path = try write(["m-00001-of-00002.gguf": Self.gguf(keys, ["blk.0.attn_q.weight"])])
    let error = #expect(throws: ModelFileError.self) { try ModelFile.read(path + "/m-00001-of-00002.gguf") }
    #expect(error?.description.contains("m-00002-of-00002.gguf") == true)
    let second = Self.gguf([("split.count", .number(2))], ["blk.1.attn_q.weight"])
    _ = try write(["m-00002-of-00002.gguf": Array(second.dropLast(10))])
    let notes = try ModelFile.read(path + "/m-00001-of-00002.gguf").notes
    #expect(notes.contains { $0.contains("cut off") && $0.contains("\(second.count - 10) of \(second.count)") })
  }

  @Test(arguments: [
    ("a.gguf", ["a.gguf"]), ("a-00002-of-00002.x", ["a-00001-of-00002.x", "a-00002-of-00002.x"]),
    ("a-00003-of-00002.x", ["a-00003-of-00002.x"]), ("a-1-of-2.x", ["a-1-of-2.x"]), ("none", ["none"]),
    ("-00001-of-00001.x", ["-00001-of-00001.x"]), ("a-00000-of-00002.x", ["a-00000-of-00002.x"]),
  ])
  func `the parts of a path are those that its name counts`(path: String, parts: [String]) {
    #expect(ModelFile.parts(path) == parts)
  }

  // MARK: Other files

  @Test func `what is no model is called what it is`() throws {
    defer { done() }
    let files: [(String, [UInt8], String)] = [
      ("mm.gguf", Self.gguf([("general.architecture", .text("clip"))], ["v.blk.0.attn_q.weight"]), "projector"),
      ("mm2.gguf", Self.gguf([("general.type", .text("mmproj"))], ["v.blk.0.attn_q.weight"]), "projector"),
      ("lora.gguf", Self.gguf([("general.type", .text("adapter"))], ["blk.0.attn_q.weight.lora_a"]), "adapter"),
      ("old.gguf", Self.gguf(Self.llama, ["a.lora_a", "a.lora_b"]), "adapter"),
      ("words.gguf", Self.gguf(Self.llama, []), "vocabulary"),
      ("imatrix.gguf", Self.gguf([("general.type", .text("imatrix"))], ["x"]), "importance matrix"),
      ("peft.safetensors", Self.safetensors("base.q.lora_A.weight"), "adapter"),
      ("lfs.gguf", Array("version https://git-lfs.github.com/spec/v1\noid".utf8), "git lfs pull"),
      ("page.gguf", Array("\u{feff}\n<!DOCTYPE html><html>".utf8), "web page"),
      ("page.onnx", Array("<HTML>".utf8), "web page"),
      ("error.gguf", Array("{\"error\":1}".utf8), "JSON"), ("empty.gguf", [], "empty"),
    ]
    let path = try write(Dictionary(uniqueKeysWithValues: files.map { ($0.0, $0.1) }))
    for (name, _, words) in files {
      let error = #expect(throws: ModelFileError.self) { try ModelFile.read(path + "/" + name) }
      #expect(error?.description.contains(words) == true, "\(name): \(error?.description ?? "")")
    }
  }

  // MARK: Folders

  @Test(arguments: [
    ["model.safetensors", "config.json", "tokenizer.json"],
    ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"],
    ["model.safetensors", "consolidated.safetensors", "adapter_model.safetensors"],
    ["model.safetensors", "other.safetensors", "model.gguf.txt"], ["q4.gguf", "mmproj-f16.gguf"],
    ["x.onnx", ".hidden.gguf"],
    ["refs/main", "snapshots/abc/model.safetensors", "snapshots/abc/config.json", "blobs/1"],
  ])
  func `a folder stands for its only model`(names: [String]) throws {
    defer { done() }
    let path = try write(Dictionary(uniqueKeysWithValues: names.map { ($0, [0x20]) }))
    let expected = names[0] == "refs/main" ? names[1] : names[0]
    #expect(try ModelFolder.file(path) == path + "/" + expected)
    if names.contains("config.json") {
      #expect(try ModelFolder.file(path + "/config.json") == path + "/" + names[0])
    }
    if names.contains("model.safetensors.index.json") {
      #expect(try ModelFolder.file(path + "/model.safetensors.index.json") == path + "/" + names[0])
    }
  }

  @Test(arguments: [
    ([], "without a model"), (["a.gguf", "b.gguf"], "a.gguf, b.gguf"), (["notes.txt"], "without a model"),
  ])
  func `a folder with no model or several says so`(names: [String], words: String) throws {
    defer { done() }
    let path = try write(Dictionary(uniqueKeysWithValues: (names + ["x/y"]).map { ($0, [0x20]) }))
    let error = #expect(throws: ModelFileError.self) { try ModelFolder.file(path) }
    #expect(error?.description.contains(words) == true)
  }

  @Test func `a file stands for itself, and so does what does not exist`() throws {
    defer { done() }
    let path = try write(["a.gguf": [0x20], "package.json": [0x20]])
    for name in ["a.gguf", "package.json", "none"] {
      #expect(try ModelFolder.file(path + "/" + name) == path + "/" + name)
    }
  }

  // MARK: Names

  @Test(arguments: [
    ("Llama-4-Scout-17B-16E-Instruct", 109.0), ("llama4:maverick", 402), ("Some-MoE-17B-16E", 136),
    ("Kimi-K2-Instruct", 1030),
    ("deepseek-v3-0324", 671), ("deepseek-r1:8b", 8), ("DeepSeek-R1-Distill-Qwen-32B", 32),
    ("deepseek-v2-lite", 16),
    ("GLM-4.5-Air", 110), ("glm-4.5", 358), ("Qwen2.5-7B-Instruct-1M", 7), ("Qwen3-30B-A3B", 30),
    ("Hunyuan-A13B", 80),
    ("gemma-3n-E4B-it", 8), ("OLMoE-1B-7B", 7), ("granite-3b-a800m", 3), ("Mixtral-8x22B", 176),
  ])
  func `a name stands for all parameters, not only for those in use`(name: String, billions: Double) {
    #expect(NamedModel.allParameters(name) == billions * 1e9)
  }
}
