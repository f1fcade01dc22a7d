extension ConfigurationReader {
  /// Returns the valid providers of the file.
  mutating func providers() -> [Configuration.Provider] {
    let count = values.count("providers")
    guard count <= Configuration.providersMax else {
      values.report("providers", "has \(count) elements, but at most \(Configuration.providersMax) are allowed")
      return []
    }
    var names = givenNames(count)
    return (0..<count).compactMap { provider("providers[\($0)]", &names) }
  }

  /// Returns the names in the file, each with the path of its key.
  private mutating func givenNames(_ count: Int) -> [String: String] {
    var names: [String: String] = [:]
    for index in 0..<count where values.isSet("providers[\(index)].name") {
      let path = "providers[\(index)].name"
      let name = values.string(path)
      guard name.utf8.count <= 64, Address.isName(name) else {
        values.report(path, "must be 1 to 64 letters, digits, `.`, `-`, or `_`")
        continue
      }
      if let other = names[name] {
        values.report(path, "repeats `\(other)`; give every provider a name of its own")
      } else {
        names[name] = path
      }
    }
    return names
  }

  private mutating func provider(_ path: String, _ names: inout [String: String]) -> Configuration.Provider? {
    let isEnabled = values.boolean("\(path).enabled") ?? true
    var written = values.strings("\(path).api_keys")
    if values.isSet("\(path).api_key") {
      written.insert(("\(path).api_key", values.string("\(path).api_key")), at: 0)
    }
    let keys = written.compactMap { secret($0.path, $0.text, isNeeded: isEnabled) }
    let concurrencyMax = values.integer("\(path).max_concurrent") ?? 0
    let models = values.strings("\(path).models")
    for (path, text) in models where text.isEmpty || text.utf8.count > 256 {
      values.report(path, "must be 1 to 256 bytes long; remove the list to serve every model")
    }
    guard let kind = kind(path, isEnabled: isEnabled) else { return nil }
    let demo = demo(path, kind)
    if isEnabled, written.isEmpty { warnWithoutKey(path, kind) }
    guard let baseURL = baseURL(path, kind) else { return nil }
    let dialect = Dialect(rawValue: values.string("\(path).dialect")) ?? kind.row.dialect
    let name = name(path, kind, &names)
    let proxy = proxy(path, baseURL, isEnabled: isEnabled)
    readModelNames("\(path).model_names", of: name)
    return Configuration.Provider(
      kind: kind, dialect: dialect, name: name, baseURL: baseURL, proxy: proxy, keys: keys,
      priority: values.integer("\(path).priority") ?? 0, models: models.map(\.text),
      allowsHostedFallback: values.string("\(path).fallback") == "hosted", isEnabled: isEnabled,
      weight: values.integer("\(path).weight") ?? 0, concurrencyMax: concurrencyMax > 0 ? concurrencyMax : nil,
      timeouts: timeouts().replaced(by: timeoutOverrides(path)),
      maxTokensLimit: values.integer("\(path).max_tokens_limit"),
      requestsPerMinute: values.integer("\(path).rate_limit_rpm"), http2: values.boolean("\(path).http2") ?? false,
      usesCurl: values.string("\(path).transport") == "curl",
      idleTimeout: idleTimeout("\(path).idle_timeout_secs", kind),
      publicAddressesOnly: publicAddressesOnly(path, kind, baseURL, proxy),
      usageInStreams: values.boolean("\(path).usage_in_streams"), demo: demo)
  }

  private mutating func readModelNames(_ path: String, of provider: String) {
    let names = values.names(path)
    if names.count > Configuration.modelNamesMax {
      values.report(path, "has \(names.count) names, but at most \(Configuration.modelNamesMax) are allowed")
    }
    for (path, name, text) in names {
      guard [name, text].allSatisfy({ (1...256).contains($0.utf8.count) }) else {
        values.report(path, "must have 1 to 256 bytes on both sides")
        continue
      }
      modelNames.append(Configuration.Alias(name: text, model: name, provider: provider))
    }
  }

  private func idleTimeout(_ path: String, _ kind: ProviderKind) -> Duration {
    values.isSet(path) ? values.seconds(path) : Configuration.idleTimeout(kind)
  }

  /// Warns of a hosted provider without an API key, which rejects every request. Another address than its own may need
  /// none.
  private mutating func warnWithoutKey(_ path: String, _ kind: ProviderKind) {
    guard !kind.row.isLocal, kind != .openAiCompatible, kind != .demo, !values.isSet("\(path).base_url") else {
      return
    }
    values.warn(
      values.entries["\(path).type"]?.position,
      "`\(path)` has no api_key, without which \(kind.rawValue) rejects every request; add api_key = "
        + "\"$\(kind.row.keyVariable ?? "VARIABLE")\"")
  }

  private mutating func kind(_ path: String, isEnabled: Bool) -> ProviderKind? {
    guard values.isSet("\(path).type") else {
      // A type that is not a string has an error of its own, and is not in `values`.
      if let position = values.entries[path]?.position,
        !values.errors.contains(where: { $0.message.hasPrefix("`\(path).type` ") })
      {
        values.report(position, "`\(path)` has no type; add one, such as type = \"Ollama\"")
      }
      return nil
    }
    let written = values.string("\(path).type")
    guard let kind = ProviderCatalog.kind(named: written) else {
      let spellings = ProviderCatalog.rows.flatMap { [$0.displayName] + $0.aliases }
      let meant = Spelling.nearest(to: written.lowercased(), in: spellings).flatMap {
        ProviderCatalog.kind(named: $0)
      }
      let speaking = ProviderCatalog.rows.filter(\.isSupported).map(\.kind.rawValue).joined(separator: ", ")
      values.report(
        "\(path).type",
        "is not a provider type; "
          + (meant.map { "did you mean \"\($0.rawValue)\"?" } ?? "it must be one of \(speaking)"))
      return nil
    }
    if !kind.row.isSupported, isEnabled {
      values.report(
        "\(path).type",
        "is \(kind.rawValue), which is not supported yet; use its OpenAI-compatible endpoint with type "
          + "\"OpenAiCompatible\" if it has one")
    }
    return kind
  }

  private mutating func baseURL(_ path: String, _ kind: ProviderKind) -> BaseURL? {
    let path = "\(path).base_url"
    guard values.isSet(path) else {
      if kind == .demo { return .demo }
      guard let text = kind.row.baseURL else {
        values.report(
          values.entries[String(path.dropLast(".base_url".count))]?.position,
          "`\(path)` is missing; type \"\(kind.rawValue)\" has no default address")
        return nil
      }
      return try? BaseURL(text)
    }
    let text = values.string(path)
    if kind == .demo {
      if text != BaseURL.demo.text {
        values.report(path, "does not apply to type \"Demo\", which runs inside hoosh; remove the line")
      }
      return .demo
    }
    do throws(BaseURLError) {
      return try BaseURL(text)
    } catch {
      values.report(path, error.rawValue)
      return nil
    }
  }

  /// Returns the provider's name in the file, or the name of its type, with a number if it is taken.
  private func name(_ path: String, _ kind: ProviderKind, _ names: inout [String: String]) -> String {
    if values.isSet("\(path).name") { return values.string("\(path).name") }
    return Configuration.freeName(kind) { name in
      guard names[name] == nil else { return false }
      names[name] = path
      return true
    }
  }

  private mutating func demo(_ path: String, _ kind: ProviderKind) -> Configuration.Demo? {
    guard kind == .demo else {
      if values.isSet("\(path).demo") { values.report("\(path).demo", "applies only to type \"Demo\"; remove it") }
      return nil
    }
    var demo = Configuration.Demo()
    demo.tokensPerSecond = values.number("\(path).demo.tokens_per_second") ?? 0
    demo.tokens = values.integer("\(path).demo.tokens") ?? 0
    demo.firstToken = values.milliseconds("\(path).demo.first_token_ms")
    demo.failure = Configuration.Demo.Failure(rawValue: values.string("\(path).demo.fail"))
    return demo
  }
}

extension Configuration {
  /// Returns how long idle connections to a kind of provider stay open by default.
  static func idleTimeout(_ kind: ProviderKind) -> Duration {
    kind.row.idleMax ?? ConfigurationValues.defaults.seconds("providers[].idle_timeout_secs")
  }

  /// The largest number of a provider's own names of models.
  static let modelNamesMax = 256

  /// Returns the display name of the kind, with the first number from 2 that `take` accepts if the name is taken.
  static func freeName(_ kind: ProviderKind, take: (String) -> Bool) -> String {
    let name = kind.row.displayName
    if take(name) { return name }
    var number = 2
    while !take("\(name)-\(number)") { number += 1 }
    return "\(name)-\(number)"
  }
}
