/// What stands behind a provider; the raw value is the `type` of the configuration.
public enum ProviderKind: String, CaseIterable, Sendable {
  case ollama = "Ollama"
  case llamaCpp = "LlamaCpp"
  case synapse = "Synapse"
  case lmStudio = "LmStudio"
  case localAi = "LocalAi"
  case vllm = "Vllm"
  case tensorRT = "TensorRT"
  case onnx = "Onnx"
  case openAi = "OpenAi"
  case deepSeek = "DeepSeek"
  case mistral = "Mistral"
  case groq = "Groq"
  case openRouter = "OpenRouter"
  case grok = "Grok"
  case anthropic = "Anthropic"
  case google = "Google"
  case whisper = "Whisper"
  case openAiCompatible = "OpenAiCompatible"
  case demo = "Demo"
}

/// What a chat is spoken in on the wire.
public enum Dialect: String, CaseIterable, Sendable {
  /// OpenAI's chat completions, which most servers speak.
  case openAI = "openai"
  /// OpenAI's Responses; only callers speak it.
  case responses
  /// Anthropic's Messages.
  case anthropic
  /// Ollama's chat, in lines of JSON.
  case ollama
  /// Gemini's `generateContent`.
  case gemini

  /// Those that providers speak.
  public static let upstream: [Dialect] = [.openAI, .anthropic, .ollama, .gemini]
}

/// What is known about a kind of provider before anybody has talked to it.
public struct CatalogRow: Sendable {
  public var kind: ProviderKind
  /// The name in lower case, as models and metrics show it; also accepted as a `type`.
  public var displayName: String
  /// Other spellings of the `type`, in lower case.
  public var aliases: [String] = []
  /// Where it answers unless the configuration says otherwise; nil when the configuration must say.
  public var baseURL: String?
  /// Whether it runs on this machine, so that prompts stay here.
  public var isLocal: Bool
  /// What it is talked to in.
  public var dialect: Dialect = .openAI
  /// Whether hoosh can talk to it.
  public var isSupported: Bool = true
  /// The models that only it has, for when nothing is configured. Empty means every name.
  public var ownModels: [String] = []
  /// The environment variable that usually holds its key.
  public var keyVariable: String?
  /// Whether `stream_options.include_usage` may be sent to it.
  public var streamUsage: StreamUsage = .accepts
  /// How long an idle connection is kept before it is thought closed by the other side.
  public var idleMax: Duration?

  /// Whether a provider takes `stream_options`.
  public enum StreamUsage: Sendable { case accepts, rejects }
}

/// Every kind of provider, one row each.
public enum ProviderCatalog {
  public static let rows: [CatalogRow] = [
    // Node, uvicorn and cpp-httplib close after 5 s without a request; a second less avoids the race.
    CatalogRow(
      kind: .ollama, displayName: "ollama", baseURL: "http://localhost:11434", isLocal: true,
      dialect: .ollama, streamUsage: .rejects),
    CatalogRow(
      kind: .llamaCpp, displayName: "llamacpp", baseURL: "http://localhost:8080", isLocal: true,
      idleMax: .seconds(4)),
    CatalogRow(kind: .synapse, displayName: "synapse", baseURL: "http://localhost:5000", isLocal: true),
    CatalogRow(
      kind: .lmStudio, displayName: "lmstudio", baseURL: "http://localhost:1234", isLocal: true,
      idleMax: .seconds(4)),
    CatalogRow(kind: .localAi, displayName: "localai", baseURL: "http://localhost:8080", isLocal: true),
    CatalogRow(
      kind: .vllm, displayName: "vllm", baseURL: "http://localhost:8000", isLocal: true, idleMax: .seconds(4)),
    CatalogRow(
      kind: .tensorRT, displayName: "tensorrt", aliases: ["tensorrt-llm", "trtllm"],
      baseURL: "http://localhost:8000", isLocal: true, idleMax: .seconds(4)),
    CatalogRow(
      kind: .onnx, displayName: "onnx", aliases: ["onnxruntime"], baseURL: "http://localhost:8000", isLocal: true,
      idleMax: .seconds(4)),
    CatalogRow(
      kind: .openAi, displayName: "openai", baseURL: "https://api.openai.com", isLocal: false,
      keyVariable: "OPENAI_API_KEY", idleMax: .seconds(118)),
    CatalogRow(
      kind: .deepSeek, displayName: "deepseek", baseURL: "https://api.deepseek.com", isLocal: false,
      keyVariable: "DEEPSEEK_API_KEY", idleMax: .seconds(118)),
    // Sends usage unasked, and refuses fields that it does not know.
    CatalogRow(
      kind: .mistral, displayName: "mistral", baseURL: "https://api.mistral.ai", isLocal: false,
      keyVariable: "MISTRAL_API_KEY", streamUsage: .rejects, idleMax: .seconds(118)),
    CatalogRow(
      kind: .groq, displayName: "groq", baseURL: "https://api.groq.com/openai", isLocal: false,
      keyVariable: "GROQ_API_KEY", idleMax: .seconds(118)),
    CatalogRow(
      kind: .openRouter, displayName: "openrouter", baseURL: "https://openrouter.ai/api", isLocal: false,
      keyVariable: "OPENROUTER_API_KEY", idleMax: .seconds(118)),
    CatalogRow(
      kind: .grok, displayName: "grok", aliases: ["xai"], baseURL: "https://api.x.ai", isLocal: false,
      keyVariable: "XAI_API_KEY", idleMax: .seconds(118)),
    CatalogRow(
      kind: .anthropic, displayName: "anthropic", baseURL: "https://api.anthropic.com", isLocal: false,
      dialect: .anthropic, ownModels: ["claude-*"], keyVariable: "ANTHROPIC_API_KEY", streamUsage: .rejects,
      idleMax: .seconds(118)),
    CatalogRow(
      kind: .google, displayName: "google", baseURL: "https://generativelanguage.googleapis.com", isLocal: false,
      dialect: .gemini, ownModels: ["gemini-*", "gemma-*"], keyVariable: "GEMINI_API_KEY", streamUsage: .rejects,
      idleMax: .seconds(118)),
    CatalogRow(
      kind: .whisper, displayName: "whisper", baseURL: "http://localhost:8080", isLocal: true, isSupported: false,
      streamUsage: .rejects),
    CatalogRow(
      kind: .openAiCompatible, displayName: "openaicompatible", aliases: ["openai-compatible"], isLocal: false),
    CatalogRow(kind: .demo, displayName: "demo", baseURL: "demo:", isLocal: true),
  ]

  /// The kind that a `type` means, in any case and in any accepted spelling.
  public static func kind(named name: String) -> ProviderKind? {
    let name = name.lowercased()
    return rows.first { row in
      row.kind.rawValue.lowercased() == name || row.displayName == name || row.aliases.contains(name)
    }?.kind
  }
}

extension ProviderKind {
  /// What is known about this kind.
  public var row: CatalogRow {
    guard let row = ProviderCatalog.rows.first(where: { $0.kind == self }) else {
      preconditionFailure("no row for \(self)")
    }
    return row
  }
}
