internal import Digest

/// What Ollama's clients ask about models: bodies of its lists, made from what a gateway knows.
///
/// Source: Ollama API reference, "List models", "Show model details", "List running models" and "Version". Sizes are 0
/// and digests are those of the names, as there are no files; members that clients insist on are there all the same.
enum OllamaModels {
  /// The version of Ollama that clients are told; Codex wants 0.13.4 at least.
  private static let versionTold = "0.13.5"

  /// What models here are built like; `model_info` is keyed by it.
  private static let architecture: StaticString = "hoosh"

  /// What a model can do, by Ollama's words.
  enum Capability: String, CaseIterable { case completion, tools, insert, vision, embedding, thinking }

  /// `/api/tags`.
  static func list(_ models: [ModelEntry]) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"models\":[")
    for model in models {
      Writer.separate(&out)
      out.append("{")
      appendName(model.id, to: &out)
      appendTime("modified_at", UInt64(max(0, model.created)), to: &out)
      appendFile(model.id, to: &out)
      out.append("}")
    }
    out.append("]}")
    return out
  }

  /// `/api/show`. What a model can do is not known, so nothing is denied: clients do not send what is. They ask for as
  /// large a context as is told, so that is a usual size and not the largest.
  static func show(
    _ model: ModelEntry, contextTokens: Int? = 32_768,
    capabilities: [Capability] = [.completion, .tools, .vision]
  ) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"license\":\"\",\"modelfile\":\"\",\"parameters\":\"\",\"template\":\"\"")
    appendDetails(to: &out)
    Writer.key("model_info", to: &out)
    out.append("{\"general.architecture\":\"")
    out.append(architecture)
    out.append("\"")
    Writer.member("general.basename", model.id, to: &out)
    if let contextTokens {
      out.append(",\"")
      out.append(architecture)
      out.append(".context_length\":")
      out.append(decimal: contextTokens)
    }
    out.append("}")
    Writer.key("capabilities", to: &out)
    out.append("[")
    for capability in capabilities {
      Writer.separate(&out)
      Writer.append(capability.rawValue, to: &out)
    }
    out.append("]")
    appendTime("modified_at", UInt64(max(0, model.created)), to: &out)
    out.append("}")
    return out
  }

  /// A model in memory.
  struct Running {
    var id: String
    /// Seconds since 1970 after which it leaves.
    var expires: UInt64
    var contextTokens: Int?
  }

  /// `/api/ps` where nothing is known of memories.
  static var loaded: [UInt8] { loaded([]) }

  /// `/api/ps`.
  static func loaded(_ models: [Running]) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{\"models\":[")
    for model in models {
      Writer.separate(&out)
      out.append("{")
      appendName(model.id, to: &out)
      appendFile(model.id, to: &out)
      appendTime("expires_at", model.expires, to: &out)
      Writer.member("size_vram", 0, to: &out)
      if let context = model.contextTokens { Writer.member("context_length", context, to: &out) }
      out.append("}")
    }
    out.append("]}")
    return out
  }

  /// `/api/version`.
  static var version: [UInt8] {
    var out: [UInt8] = []
    out.append("{")
    Writer.member("version", versionTold, to: &out)
    out.append("}")
    return out
  }

  // MARK: Members

  private static func appendName(_ id: String, to out: inout [UInt8]) {
    Writer.member("name", id, to: &out)
    Writer.member("model", id, to: &out)
  }

  private static func appendTime(_ name: StaticString, _ seconds: UInt64, to out: inout [UInt8]) {
    Writer.key(name, to: &out)
    CivilDate.appendString(secondsSince1970: seconds, to: &out)
  }

  /// What is known of a model's file.
  private static func appendFile(_ id: String, to out: inout [UInt8]) {
    Writer.member("size", 0, to: &out)
    Writer.member("digest", SHA256.hash(id.utf8.span).description, to: &out)
    appendDetails(to: &out)
  }

  private static func appendDetails(to out: inout [UInt8]) {
    Writer.key("details", to: &out)
    out.append("{\"parent_model\":\"\",\"format\":\"\",\"family\":\"")
    out.append(architecture)
    out.append("\",\"families\":[\"")
    out.append(architecture)
    out.append("\"],\"parameter_size\":\"\",\"quantization_level\":\"\"}")
  }
}
