extension Configuration {
  /// The settings of one model. What a file omits comes from the model catalog.
  public struct Model: Sendable, Equatable {
    /// The provider's name of the model.
    public var name: String
    /// The provider that the settings are for. `nil` means every provider.
    public var provider: String?
    /// The context length in tokens.
    public var contextTokens: Int?
    public var capabilities: ModelCapabilities?
    /// The price of input in US dollars per million tokens. Set together with `outputPrice`.
    public var inputPrice: Double?
    /// The price of output in US dollars per million tokens.
    public var outputPrice: Double?
    /// The concurrency limit of the model at each provider. `nil` means no limit of its own.
    public var concurrencyMax: Int?
    var timeouts: TimeoutOverrides
  }
}

extension Configuration {
  /// Returns the settings of models at a provider. Where its own entry for a model leaves something out, the entry for
  /// all providers applies.
  func models(at provider: String) -> [Model] { models.merged(at: provider) }
}

extension [Configuration.Model] {
  /// Returns one entry for each model that has settings at a provider, the provider's own before those of all providers.
  func merged(at provider: String) -> [Configuration.Model] {
    var merged = filter { $0.provider == provider }
    // Two names can be equal as texts without having the same bytes, so the bytes are compared.
    var indices: [[UInt8]: Int] = [:]
    for (index, own) in merged.enumerated().reversed() { indices[[UInt8](own.name.utf8)] = index }
    for general in self where general.provider == nil {
      let name = [UInt8](general.name.utf8)
      if let index = indices[name] {
        merged[index].fill(from: general)
      } else {
        indices[name] = merged.count
        merged.append(general)
      }
    }
    return merged
  }
}

extension Configuration.Model {
  /// Takes what is missing here from another entry for the same model.
  fileprivate mutating func fill(from general: Configuration.Model) {
    contextTokens = contextTokens ?? general.contextTokens
    capabilities = capabilities ?? general.capabilities
    if inputPrice == nil { (inputPrice, outputPrice) = (general.inputPrice, general.outputPrice) }
    concurrencyMax = concurrencyMax ?? general.concurrencyMax
    timeouts.fill(from: general.timeouts)
  }
}

extension ConfigurationKeys {
  private static let capabilities = ModelCapabilities.words.map { "\($0.word)" }

  /// The keys of a model.
  static let models: [ConfigurationKey] =
    [
      ConfigurationKey(
        path: "models[].name", kind: .string, isRequired: true, documentation: "The provider's name of the model."),
      ConfigurationKey(
        path: "models[].provider", kind: .string,
        documentation: "Provider that these settings are for. Defaults to every provider."),
      ConfigurationKey(
        path: "models[].context_tokens", kind: .integer(1...1_000_000_000),
        documentation: "Context length in tokens. A longer prompt goes to a candidate with a larger context, or is "
          + "rejected. Defaults to the model catalog."),
      ConfigurationKey(
        path: "models[].capabilities", kind: .strings(16),
        documentation: "Capabilities of the model: \(capabilities.map { "`\($0)`" }.joined(separator: ", ")). A "
          + "request that requires others goes to another candidate. Defaults to the model catalog."),
      ConfigurationKey(
        path: "models[].input_usd_per_million", kind: .number(0...1_000_000),
        documentation: "Price of input, in US dollars per million tokens, for the `cheapest` strategy. Requires "
          + "`output_usd_per_million`."),
      ConfigurationKey(
        path: "models[].output_usd_per_million", kind: .number(0...1_000_000),
        documentation: "Price of output, in US dollars per million tokens. Requires `input_usd_per_million`."),
      ConfigurationKey(
        path: "models[].max_concurrent", kind: .integer(1...100_000),
        documentation: "Concurrency limit of the model at each provider. Further requests wait in the queue."),
    ]
    + timeouts("models", above: "provider's")
}

extension ConfigurationReader {
  /// Returns the valid models of the file.
  mutating func models() -> [Configuration.Model] {
    var seen: Set<[String]> = []
    return (0..<listed("models")).compactMap { index in
      let path = "models[\(index)]"
      guard let name = word("\(path).name") else { return nil }
      let provider = values.isSet("\(path).provider") ? word("\(path).provider") : nil
      if !seen.insert([name] + (provider.map { [$0] } ?? [])).inserted {
        values.report(
          values.entries["\(path).name"]?.position,
          "`\(path)` repeats the model and provider of an earlier section; merge the two")
      }
      let (input, output) = ("\(path).input_usd_per_million", "\(path).output_usd_per_million")
      if values.isSet(input) != values.isSet(output) {
        values.report(
          values.entries[path]?.position,
          "`\(path)` has only one of `input_usd_per_million` and `output_usd_per_million`; set both or none")
      }
      return Configuration.Model(
        name: name, provider: provider, contextTokens: values.integer("\(path).context_tokens"),
        capabilities: capabilities("\(path).capabilities"), inputPrice: values.number(input),
        outputPrice: values.number(output), concurrencyMax: values.integer("\(path).max_concurrent"),
        timeouts: timeoutOverrides(path))
    }
  }

  private mutating func capabilities(_ path: String) -> ModelCapabilities? {
    guard values.isSet(path) else { return nil }
    var capabilities: ModelCapabilities = []
    for (path, text) in values.strings(path) {
      if let capability = ModelCapabilities(word: text) {
        capabilities.insert(capability)
      } else {
        let words = ModelCapabilities.words.map { "\($0.word)" }
        let suggestion = Spelling.nearest(to: text, in: words).map { "; did you mean \"\($0)\"?" } ?? ""
        values.report(path, "must be one of \(words.joined(separator: ", "))\(suggestion)")
      }
    }
    return capabilities
  }
}
