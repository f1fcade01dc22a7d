/// The configuration of one gateway as plain data, which the rules read, and the text of its file, which the gateway reads.
struct RoutingSetting {
  /// A provider as the file describes it.
  struct Provider {
    var name: String
    /// The index of its address.
    var place: Int
    /// The number of its type.
    var kind = 0
    var patterns: [String] = []
    /// Its own names of models, under the callers' names.
    var ownNames: [(callers: String, own: String)] = []
    var priority = 10
    var weight = 1
    var fallsBackToHosted = false
    var isEnabled = true
    var slots = 0
    var keys = 0
  }

  struct VirtualModel {
    var name: String
    var targets: [String]
    var isPool = false
    var strategy: String?
  }

  var providers: [Provider] = []
  var aliases: [(name: String, model: String)] = []
  var virtuals: [VirtualModel] = []
  var tokens: [String] = []
  /// Whether it says that callers need no key.
  var isOpen = false
  var bind = "127.0.0.1"
  var strategy = "priority"
  var isLocalFirst = false
  var affinity = "off"
  var retries = 1
  var queue = 16

  /// The addresses of servers, and whether each is one of this machine.
  static let places: [(origin: String, isHere: Bool)] = [
    ("http://127.0.0.1:9001", true), ("http://localhost:9002", true), ("http://[::1]:9003", true),
    ("http://127.8.0.9:9004", true), ("http://one.test", false), ("http://localhost.example:9001", false),
    ("http://192.168.7.7:11434", false), ("http://127.0.0.1.example", false), ("http://[fe80::1]:9003", false),
  ]

  /// The types of providers, with the lines that a provider of the type needs.
  static let kinds = [
    "type = \"OpenAiCompatible\"\n", "type = \"Ollama\"\ndialect = \"openai\"\n", "type = \"OpenAi\"\n",
  ]

  /// The text of the file.
  var text: String {
    var text = """
      [server]
      bind = "\(bind)"
      strategy = "\(strategy)"
      local_first = \(isLocalFirst)
      affinity = "\(affinity)"
      models_refresh_secs = 0
      models_cache_secs = 0
      health_check_interval_secs = 0
      [retry]
      max_retries = \(retries)
      [queue]
      capacity = \(queue)

      """
    if isOpen { text += "[auth]\nopen = true\n" }
    if !tokens.isEmpty { text += "[auth]\ntokens = \(Self.list(tokens))\n" }
    for (name, model) in aliases {
      text += "[[aliases]]\nname = \(Self.quoted(name))\nmodel = \(Self.quoted(model))\n"
    }
    for virtual in virtuals {
      text += "[[virtual_models]]\nname = \(Self.quoted(virtual.name))\ntargets = \(Self.list(virtual.targets))\n"
      text += "pool = \(virtual.isPool)\n"
      if let strategy = virtual.strategy { text += "strategy = \"\(strategy)\"\n" }
    }
    for provider in providers { text += Self.text(of: provider) }
    return text
  }

  private static func text(of provider: Provider) -> String {
    var text = "[[providers]]\n\(kinds[provider.kind])name = \"\(provider.name)\"\n"
    text += "base_url = \"\(places[provider.place].origin)\"\n"
    if !provider.patterns.isEmpty { text += "models = \(list(provider.patterns))\n" }
    if !provider.ownNames.isEmpty {
      let pairs = provider.ownNames.map { "\(quoted($0.callers)) = \(quoted($0.own))" }
      text += "model_names = { \(pairs.joined(separator: ", ")) }\n"
    }
    text += "priority = \(provider.priority)\nweight = \(provider.weight)\n"
    if provider.fallsBackToHosted { text += "fallback = \"hosted\"\n" }
    if !provider.isEnabled { text += "enabled = false\n" }
    if provider.slots > 0 { text += "max_concurrent = \(provider.slots)\n" }
    if provider.keys > 0 { text += "api_keys = \(list((0..<provider.keys).map { "key-\($0)" }))\n" }
    return text
  }

  private static func list(_ words: [String]) -> String { "[" + words.map(quoted).joined(separator: ", ") + "]" }

  /// A basic string of TOML, which is one of JSON as well.
  static func quoted(_ text: String) -> String {
    var out = "\""
    for character in text {
      if character == "\\" || character == "\"" { out.append("\\") }
      out.append(character)
    }
    return out + "\""
  }
}
