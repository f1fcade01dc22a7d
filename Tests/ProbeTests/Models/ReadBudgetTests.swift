import Foundation
import Testing

@testable import Probe

/// The limits that all parts of one model share.
@Suite struct ReadBudgetTests {
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "budget-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
    func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path(name))) }
  }

  private static func part(_ name: String) -> [UInt8] {
    let json = "{\"\(name)\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"
    return (0..<8).map { UInt8(truncatingIfNeeded: json.utf8.count >> ($0 * 8)) } + Array(json.utf8) + [0, 0, 0, 0]
  }

  private static func name(_ number: Int, _ count: Int) -> String {
    String(format: "model-%05d-of-%05d.safetensors", number, count)
  }

  @Test func `bytes and tensors of all parts count together`() throws {
    let folder = try Folder()
    for number in 1...3 { try folder.write(Self.name(number, 3), Self.part("t\(number)")) }
    let path = folder.path(Self.name(1, 3))
    let each = Self.part("t1").count - 4
    var enough = ReadBudget(bytes: 3 * each, tensors: 3)
    #expect(try ModelFile.read(path, within: &enough).tensors == 3)
    #expect((enough.bytes, enough.tensors) == (0, 0))
    var short = ReadBudget(bytes: 3 * each - 1)
    #expect(throws: ReadBudget.tooLong) { try ModelFile.read(path, within: &short) }
    var few = ReadBudget(tensors: 2)
    #expect(throws: ModelFileError.self) { try ModelFile.read(path, within: &few) }
    var late = ReadBudget(time: .zero)
    #expect(throws: ModelFileError.self) { try ModelFile.read(path, within: &late) }
  }

  @Test func `a sparse GGUF file whose list has no end is read up to the limit`() throws {
    let folder = try Folder()
    var maker = GGUFMaker()
    maker.set("general.architecture", .text("llama"))
    var bytes = maker.make().header
    bytes[16] = 2
    let key = Array("tokens".utf8)
    bytes += [6, 0, 0, 0, 0, 0, 0, 0] + key + [9, 0, 0, 0, 8, 0, 0, 0] + [0, 0, 0, 0, 1, 0, 0, 0]
    try folder.write("m.gguf", bytes)
    let handle = try FileHandle(forWritingTo: URL(filePath: folder.path("m.gguf")))
    try handle.truncate(atOffset: 1 << 40)
    try handle.close()
    var budget = ReadBudget(bytes: 1 << 20)
    #expect(throws: ReadBudget.tooLong) { try ModelFile.read(folder.path("m.gguf"), within: &budget) }
  }

  @Test func `a part that is a pipe, a folder or a loop of links is an error at once`() throws {
    for kind in ["pipe", "folder", "loop", "device"] {
      let folder = try Folder()
      try folder.write(Self.name(1, 2), Self.part("t1"))
      let second = folder.path(Self.name(2, 2))
      switch kind {
      case "pipe": #expect(mkfifo(second, 0o600) == 0)
      case "folder": try FileManager.default.createDirectory(atPath: second, withIntermediateDirectories: false)
      case "loop": try FileManager.default.createSymbolicLink(atPath: second, withDestinationPath: second)
      default: try FileManager.default.createSymbolicLink(atPath: second, withDestinationPath: "/dev/zero")
      }
      #expect(throws: ModelFileError.self, "\(kind)") { try ModelFile.read(folder.path(Self.name(1, 2))) }
    }
  }

  @Test func `a folder of as many parts as a model may have is found by its first part`() throws {
    let folder = try Folder()
    let count = 4000
    for number in 1...count { try folder.write(Self.name(number, ReadBudget.partsMax), []) }
    let start = ContinuousClock.now
    #expect(try ModelFolder.file(folder.url.path) == folder.path(Self.name(1, ReadBudget.partsMax)))
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func `a snapshot that links back to its cache is followed once`() throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(
      atPath: folder.path("snapshots"), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("snapshots/c"), withDestinationPath: folder.url.path)
    #expect(throws: ModelFileError.self) { try ModelFolder.file(folder.url.path) }
  }

  @Test func `an ONNX tensor has a limited number of dimensions`() throws {
    func file(_ dimensions: Int) -> [UInt8] {
      let tensor = [0x0a, UInt8(dimensions)] + [UInt8](repeating: 1, count: dimensions)
      let graph = [0x2a, UInt8(tensor.count)] + tensor
      return [8, 8, 0x3a, UInt8(graph.count)] + graph
    }
    let most = file(ONNXReader.dimensionsMax)
    #expect(try ModelFile.read(most, fileSize: most.count).tensors == 1)
    let more = file(ONNXReader.dimensionsMax + 1)
    #expect(throws: ModelFileError.self) { try ModelFile.read(more, fileSize: more.count) }
  }
}
