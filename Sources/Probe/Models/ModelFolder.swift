internal import Glibc

/// Finds the model in a folder as Hugging Face, its cache, and converters lay it out.
public enum ModelFolder {
  private static let endings = [".gguf", ".safetensors", ".onnx"]
  private static let entriesMax = 10_000
  private static let namedMax = 8

  /// Returns the path of a model's first file. A folder, and an index or a configuration in it, stand for the model in
  /// the folder; any other path stands for itself. Throws if there is no model, or more than one.
  public static func file(_ path: String) throws(ModelFileError) -> String {
    var folder = path
    if let names = entries(folder) { return try file(in: folder, names) }
    // Any other JSON text is no model, as ModelFile says.
    guard path.hasSuffix(".index.json") || path.hasSuffix("/config.json") || path == "config.json" else {
      return path
    }
    folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    guard let names = entries(folder.isEmpty ? "/" : folder) else { return path }
    return try file(in: folder, names)
  }

  private static func file(
    in folder: String, _ names: [String], isSnapshot: Bool = false
  ) throws(ModelFileError) -> String {
    // The cache of huggingface_hub keeps the files of each commit in a folder of its own. A link from there back to
    // the cache is not followed again.
    if !isSnapshot, names.contains("snapshots"), let commits = entries(folder + "/snapshots"), commits.count == 1,
      let files = entries(folder + "/snapshots/" + commits[0])
    {
      return try file(in: folder + "/snapshots/" + commits[0], files, isSnapshot: true)
    }
    var models = names.filter { name in endings.contains { name.hasSuffix($0) } }
    // Of several parts, the first stands for all.
    let present = Set(names)
    models = models.filter { ModelFile.firstPart($0) == $0 || !present.contains(ModelFile.firstPart($0)) }
    if models.count > 1 {
      let others = ["mmproj", "adapter", "imatrix", "consolidated", "vocab"]
      models = models.filter { name in !others.contains { name.contains($0) } }
    }
    // transformers reads files of this name only.
    let main = models.filter { $0.hasPrefix("model.") || $0.hasPrefix("model-") }
    if models.count > 1, main.count == 1 { models = main }
    switch models.count {
    case 1: return folder + "/" + models[0]
    case 0: throw .notAModel("a folder without a model's file (GGUF, safetensors, ONNX)")
    default:
      let list = models.prefix(namedMax).joined(separator: ", ") + (models.count > namedMax ? ", …" : "")
      throw .notAModel("a folder with \(models.count) models; give the path of one of them: \(list)")
    }
  }

  /// Returns the names in a folder in order, or `nil` if it is not a folder.
  private static func entries(_ path: String) -> [String]? {
    guard let stream = unsafe opendir(path) else { return nil }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    while names.count < entriesMax, let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
