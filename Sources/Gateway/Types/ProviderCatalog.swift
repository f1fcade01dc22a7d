/// The facts about a provider type, which are known without a request.
public struct CatalogRow: Sendable {
  public var kind: ProviderKind
  /// The name in lower case, for model names and metrics. It is also accepted as a `type`.
  public var displayName: String
  /// Other accepted spellings of the `type`, in lower case.
  public var aliases: [String] = []
  /// The default base URL. `nil` if the configuration must give one.
  public var baseURL: String?
  /// Whether it runs on this machine, so that prompts do not leave it.
  public var isLocal: Bool
  /// The default dialect.
  public var dialect: Dialect = .openAI
  /// Whether hoosh supports it.
  public var isSupported: Bool = true
  /// Patterns of the models that only it serves, for a gateway without a configuration. Empty means every model.
  public var ownModels: [String] = []
  /// The usual environment variable of its API key.
  public var keyVariable: String?
  /// Whether it accepts `stream_options.include_usage`.
  public var streamUsage: StreamUsage = .accepts
  /// The time after which it closes idle connections, less a margin. `nil` if it is not known.
  public var idleMax: Duration?
  /// The questions that it answers beside calls, below its address without `/v1`.
  var questions: [QuestionPath] = []
  /// Its rules for requests that are translated for it.
  var rules = ProviderRules()

  /// Whether a provider accepts `stream_options`.
  public enum StreamUsage: Sendable { case accepts, rejects }
}

/// The provider types, with one row each.
public enum ProviderCatalog {
  public static let rows: [CatalogRow] = [
    // Node, uvicorn, and cpp-httplib close idle connections after 5 s. One second less avoids a race.
    CatalogRow(
      kind: .ollama, displayName: "ollama", baseURL: "http://localhost:11434", isLocal: true,
      dialect: .ollama, streamUsage: .rejects),
    CatalogRow(
      kind: .llamaCpp, displayName: "llamacpp", baseURL: "http://localhost:8080", isLocal: true,
      idleMax: .seconds(4), questions: [QuestionPath(kind: .tokenize, path: "/tokenize")], rules: .template),
    CatalogRow(
      kind: .synapse, displayName: "synapse", baseURL: "http://localhost:5000", isLocal: true, rules: .template),
    CatalogRow(
      kind: .lmStudio, displayName: "lmstudio", baseURL: "http://localhost:1234", isLocal: true,
      idleMax: .seconds(4), rules: .template),
    CatalogRow(
      kind: .localAi, displayName: "localai", baseURL: "http://localhost:8080", isLocal: true, rules: .template),
    CatalogRow(
      kind: .vllm, displayName: "vllm", baseURL: "http://localhost:8000", isLocal: true, idleMax: .seconds(4),
      rules: .template),
    CatalogRow(
      kind: .tensorRT, displayName: "tensorrt", aliases: ["tensorrt-llm", "trtllm"],
      baseURL: "http://localhost:8000", isLocal: true, idleMax: .seconds(4), rules: .template),
    CatalogRow(
      kind: .onnx, displayName: "onnx", aliases: ["onnxruntime"], baseURL: "http://localhost:8000", isLocal: true,
      idleMax: .seconds(4), rules: .template),
    CatalogRow(
      kind: .openAi, displayName: "openai", baseURL: "https://api.openai.com", isLocal: false,
      keyVariable: "OPENAI_API_KEY", idleMax: .seconds(118), rules: .openAI),
    CatalogRow(
      kind: .deepSeek, displayName: "deepseek", baseURL: "https://api.deepseek.com", isLocal: false,
      keyVariable: "DEEPSEEK_API_KEY", idleMax: .seconds(118), rules: .deepSeek),
    // Sends usage without being asked, and rejects unknown fields.
    CatalogRow(
      kind: .mistral, displayName: "mistral", baseURL: "https://api.mistral.ai", isLocal: false,
      keyVariable: "MISTRAL_API_KEY", streamUsage: .rejects, idleMax: .seconds(118), rules: .mistral),
    CatalogRow(
      kind: .groq, displayName: "groq", baseURL: "https://api.groq.com/openai", isLocal: false,
      keyVariable: "GROQ_API_KEY", idleMax: .seconds(118), rules: .groq),
    CatalogRow(
      kind: .openRouter, displayName: "openrouter", baseURL: "https://openrouter.ai/api", isLocal: false,
      keyVariable: "OPENROUTER_API_KEY", idleMax: .seconds(118), rules: .openRouter),
    CatalogRow(
      kind: .grok, displayName: "grok", aliases: ["xai"], baseURL: "https://api.x.ai", isLocal: false,
      keyVariable: "XAI_API_KEY", idleMax: .seconds(118), rules: .grok),
    CatalogRow(
      kind: .anthropic, displayName: "anthropic", baseURL: "https://api.anthropic.com", isLocal: false,
      dialect: .anthropic, ownModels: ["claude-*"], keyVariable: "ANTHROPIC_API_KEY", streamUsage: .rejects,
      idleMax: .seconds(118), rules: .anthropic),
    CatalogRow(
      kind: .google, displayName: "google", baseURL: "https://generativelanguage.googleapis.com", isLocal: false,
      dialect: .gemini, ownModels: ["gemini-*", "gemma-*"], keyVariable: "GEMINI_API_KEY", streamUsage: .rejects,
      idleMax: .seconds(118), rules: .gemini),
    CatalogRow(
      kind: .whisper, displayName: "whisper", baseURL: "http://localhost:8080", isLocal: true, isSupported: false,
      streamUsage: .rejects),
    CatalogRow(
      kind: .openAiCompatible, displayName: "openaicompatible", aliases: ["openai-compatible"], isLocal: false,
      rules: .template),
    CatalogRow(kind: .demo, displayName: "demo", baseURL: "demo:", isLocal: true),
  ]

  /// Returns the kind with this `type`, in any case and any accepted spelling, or `nil` if there is none.
  public static func kind(named name: String) -> ProviderKind? {
    let name = name.lowercased()
    return rows.first { row in
      row.kind.rawValue.lowercased() == name || row.displayName == name || row.aliases.contains(name)
    }?.kind
  }
}

extension ProviderKind {
  /// The row of this kind in the catalog.
  public var row: CatalogRow {
    guard let row = ProviderCatalog.rows.first(where: { $0.kind == self }) else {
      preconditionFailure("no row for \(self)")
    }
    return row
  }
}
