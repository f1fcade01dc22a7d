internal import Digest

/// Writes the responses to requests of Ollama's clients about models.
///
/// Source: Ollama API reference, "List models", "Show model details", "List running models" and "Version". hoosh has no
/// model files, so sizes are 0 and digests are those of the names. Members that clients require are always present.
enum OllamaModels {
  /// The version of Ollama that is reported to clients. Codex requires at least 0.13.4.
  private static let versionTold = "0.13.5"

  /// The architecture in responses, a prefix of the keys in `model_info`.
  private static let architecture: StaticString = "hoosh"

  /// A capability of a model, by Ollama's names.
  enum Capability: String, CaseIterable { case completion, tools, insert, vision, embedding, thinking }

  /// Returns the response to `/api/tags`.
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

  /// Returns the response to `/api/show`. Clients do not use capabilities that are missing, so the defaults include the
  /// common ones. Clients request as much context as is reported, so the default is a common size and not the largest.
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

  /// Returns the body of a request for a model's details at its provider, like a caller's.
  static func detailsQuestion(_ model: String, like json: Span<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.append("{")
    Writer.member("model", model, to: &out)
    let isVerbose = JSONLists.members(of: JSONLists.root(json), in: json).value("verbose", in: json)?.bool ?? false
    if isVerbose { Writer.member("verbose", true, to: &out) }
    out.append("}")
    return out
  }

  /// Whether a provider's response is a model's details.
  static func areDetails(_ json: Span<UInt8>) -> Bool {
    guard JSONLists.isObject(json) else { return false }
    let members = JSONLists.members(of: JSONLists.root(json), in: json)
    return members.value("details", in: json)?.kind == .object
      || members.value("model_info", in: json)?.kind == .object
  }

  /// The response to `/api/ps`: the models in the memory of all providers.
  struct Loaded {
    /// The most models of one provider.
    private static let modelsMax = 1024

    private var models: [UInt8] = []

    var text: [UInt8] { Array("{\"models\":[".utf8) + models + Array("]}".utf8) }

    /// Adds the models of a provider's response. `name` returns the callers' name of a model, or `nil` to leave it out.
    mutating func add(_ json: Span<UInt8>, name: (String) -> String?) {
      guard JSONLists.isObject(json) else { return }
      let list = JSONLists.members(of: JSONLists.root(json), in: json).value("models", in: json)
      for model in JSONLists.elements(of: list, in: json).prefix(Self.modelsMax) {
        let members = JSONLists.members(of: model, in: json)
        let told = members.value("name", in: json) ?? members.value("model", in: json)
        guard let told = told?.string(in: json), told.utf8.count <= ModelEntry.idBytesMax, let name = name(told)
        else {
          continue
        }
        models.append(models.isEmpty ? "{" : ",{")
        OllamaModels.appendName(name, to: &models)
        for member in members where !member.keyEquals("name", in: json) && !member.keyEquals("model", in: json) {
          models.append(",\"")
          models.append(json.bytes(member.key))
          models.append("\":")
          models.append(json.bytes(member.value.slice))
        }
        models.append("}")
      }
    }
  }

  /// The response to `/api/version`.
  static var version: [UInt8] {
    var out: [UInt8] = []
    out.append("{")
    Writer.member("version", versionTold, to: &out)
    out.append("}")
    return out
  }

  // MARK: Members

  fileprivate static func appendName(_ id: String, to out: inout [UInt8]) {
    Writer.member("name", id, to: &out)
    Writer.member("model", id, to: &out)
  }

  private static func appendTime(_ name: StaticString, _ seconds: UInt64, to out: inout [UInt8]) {
    Writer.key(name, to: &out)
    CivilDate.appendString(secondsSince1970: seconds, to: &out)
  }

  /// Appends the members that describe a model's file.
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
