extension ConfigurationReader {
  /// The providers of the file; the ones with faults are left out.
  mutating func providers() -> [Configuration.Provider] {
    let count = values.count("providers")
    guard count <= Configuration.providersMax else {
      values.report("providers", "has \(count) elements; at most \(Configuration.providersMax) are read")
      return []
    }
    var names = givenNames(count)
    return (0..<count).compactMap { provider("providers[\($0)]", &names) }
  }

  /// The names that the file gives, each with the path of its key.
  private mutating func givenNames(_ count: Int) -> [String: String] {
    var names: [String: String] = [:]
    for index in 0..<count where values.isSet("providers[\(index)].name") {
      let path = "providers[\(index)].name"
      let name = values.string(path)
      guard name.utf8.count <= 64, Address.isName(name) else {
        values.report(path, "must be 1 to 64 letters, digits, `.`, `-` or `_`")
        continue
      }
      if let other = names[name] {
        values.report(path, "is the same as `\(other)`; every provider needs a name of its own")
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
    let keys = written.compactMap { secret($0.path, $0.text) }
    let concurrencyMax = values.integer("\(path).max_concurrent") ?? 0
    let models = values.strings("\(path).models")
    for (path, text) in models where text.isEmpty || text.utf8.count > 256 {
      values.report(path, "must be 1 to 256 bytes long; leave the list out to serve every model")
    }
    guard let kind = kind(path, isEnabled: isEnabled) else { return nil }
    let demo = demo(path, kind)
    guard let baseURL = baseURL(path, kind) else { return nil }
    let dialect = Dialect(rawValue: values.string("\(path).dialect")) ?? kind.row.dialect
    return Configuration.Provider(
      kind: kind, dialect: dialect, name: name(path, kind, &names), baseURL: baseURL, keys: keys,
      priority: values.integer("\(path).priority") ?? 10, models: models.map(\.text), isEnabled: isEnabled,
      weight: values.integer("\(path).weight") ?? 1, concurrencyMax: concurrencyMax > 0 ? concurrencyMax : nil,
      timeouts: timeouts().replaced(by: timeoutOverrides(path)),
      maxTokensLimit: values.integer("\(path).max_tokens_limit"), http2: values.boolean("\(path).http2") ?? false,
      idle: values.isSet("\(path).idle_secs") ? values.seconds("\(path).idle_secs") : kind.row.maxIdle,
      publicAddressesOnly: publicAddressesOnly(path, kind),
      usageInStreams: values.boolean("\(path).usage_in_streams"), demo: demo)
  }

  /// A hosted provider is on the Internet; a local one, or one that the operator placed, may be anywhere.
  private func publicAddressesOnly(_ path: String, _ kind: ProviderKind) -> Bool {
    let isHosted = !kind.row.isLocal && kind != .openAiCompatible && !values.isSet("\(path).base_url")
    return values.isSet("\(path).addresses") ? values.string("\(path).addresses") == "public" : isHosted
  }

  private mutating func kind(_ path: String, isEnabled: Bool) -> ProviderKind? {
    guard values.isSet("\(path).type") else {
      // A type of the wrong kind has its own fault, and is gone from the sheet.
      if let position = values.entries[path]?.position,
        !values.errors.contains(where: { $0.message.hasPrefix("`\(path).type` ") })
      {
        values.report(position, "`\(path)` has no type; every provider needs one, as in type = \"Ollama\"")
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
        "is no type of provider; "
          + (meant.map { "did you mean \"\($0.rawValue)\"?" } ?? "it must be one of \(speaking)"))
      return nil
    }
    if !kind.row.isSupported, isEnabled {
      values.report(
        "\(path).type",
        "is \(kind.rawValue), which is not spoken yet; use its OpenAI-compatible endpoint with type "
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
          "`\(path)` is missing; type \"\(kind.rawValue)\" has no address of its own")
        return nil
      }
      return try? BaseURL(text)
    }
    let text = values.string(path)
    if kind == .demo {
      if text != BaseURL.demo.text {
        values.report(path, "does not go with type \"Demo\", which runs inside hoosh")
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

  /// The name of the file, or the type's with a number when it is taken.
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
      if values.isSet("\(path).demo") { values.report("\(path).demo", "goes with type \"Demo\" only") }
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
  /// The kind's display name, or that with the first number from 2 which `take` accepts.
  static func freeName(_ kind: ProviderKind, take: (String) -> Bool) -> String {
    let name = kind.row.displayName
    if take(name) { return name }
    var number = 2
    while !take("\(name)-\(number)") { number += 1 }
    return "\(name)-\(number)"
  }
}
