extension Configuration {
  /// What a file says of one model; what it leaves out is as it is known otherwise.
  public struct Model: Sendable, Equatable {
    /// What the model is called at its provider.
    public var name: String
    /// Nil for every provider.
    public var provider: String?
    /// Tokens that it reads.
    public var context: Int?
    public var capabilities: ModelCapabilities?
    /// In US dollars for a million tokens; both or none.
    public var inputPrice: Double?
    public var outputPrice: Double?
    /// Requests for it that a provider may have at once; nil is no limit of its own.
    public var concurrencyMax: Int?
    var timeouts: TimeoutOverrides
  }
}

extension ConfigurationKeys {
  /// What the file may say of models.
  static let models: [ConfigurationKey] =
    [
      ConfigurationKey(
        path: "models[].name", kind: .string, isRequired: true,
        documentation: "What a model is called at its provider."),
      ConfigurationKey(
        path: "models[].provider", kind: .string,
        documentation: "The provider of which this is said; every one unless given."),
      ConfigurationKey(
        path: "models[].context", kind: .integer(1...1_000_000_000),
        documentation:
          "Tokens that it reads at most; a longer prompt goes to a model that reads more, or is refused."),
      ConfigurationKey(
        path: "models[].can", kind: .strings(16),
        documentation:
          "What it can do, if that is to be said, of \(ModelCapabilities.words.map { "`\($0.word)`" }.joined(separator: ", ")); who "
          + "needs tools, images or answers by a schema is not sent to a model that cannot."),
      ConfigurationKey(
        path: "models[].input_price", kind: .number(0...1_000_000),
        documentation: "US dollars for a million tokens of prompts, for the strategy `cheapest`."),
      ConfigurationKey(
        path: "models[].output_price", kind: .number(0...1_000_000),
        documentation: "The same for answers; both prices or none."),
      ConfigurationKey(
        path: "models[].max_concurrent", kind: .integer(1...100_000),
        documentation: "Requests for it that a provider may have at once; more wait in the queue."),
    ]
    + timeouts("models", of: "this model", as: "its provider")
}

extension ConfigurationReader {
  mutating func models() -> [Configuration.Model] {
    var seen: Set<[String]> = []
    return (0..<listed("models")).compactMap { index in
      let path = "models[\(index)]"
      guard let name = word("\(path).name") else { return nil }
      let provider = values.isSet("\(path).provider") ? word("\(path).provider") : nil
      if !seen.insert([name] + (provider.map { [$0] } ?? [])).inserted {
        values.report(
          values.entries["\(path).name"]?.position, "`\(path)` is about the same model as one before it")
      }
      var capabilities: ModelCapabilities?
      if values.isSet("\(path).can") {
        var can: ModelCapabilities = []
        for (path, text) in values.strings("\(path).can") {
          if let capability = ModelCapabilities(word: text) {
            can.insert(capability)
          } else {
            let words = ModelCapabilities.words.map { "\($0.word)" }
            let meant = Spelling.nearest(to: text, in: words).map { "; did you mean \"\($0)\"?" } ?? ""
            values.report(path, "must be one of \(words.joined(separator: ", "))\(meant)")
          }
        }
        capabilities = can
      }
      if values.isSet("\(path).input_price") != values.isSet("\(path).output_price") {
        values.report(
          values.entries[path]?.position, "`\(path)` needs both `input_price` and `output_price`, or none")
      }
      return Configuration.Model(
        name: name, provider: provider, context: values.integer("\(path).context"), capabilities: capabilities,
        inputPrice: values.number("\(path).input_price"), outputPrice: values.number("\(path).output_price"),
        concurrencyMax: values.integer("\(path).max_concurrent"), timeouts: timeoutOverrides(path))
    }
  }
}
