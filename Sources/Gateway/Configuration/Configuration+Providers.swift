extension ConfigurationReader {
  /// The providers of the file; the ones with faults are left out.
  mutating func providers() -> [Configuration.Provider] {
    let count = sheet.count("providers")
    guard count <= Configuration.providersMax else {
      sheet.note("providers", "has \(count) elements; at most \(Configuration.providersMax) are read")
      return []
    }
    var names = givenNames(count)
    return (0..<count).compactMap { provider("providers[\($0)]", &names) }
  }

  /// The names that the file gives, each with the path of its key.
  private mutating func givenNames(_ count: Int) -> [String: String] {
    var names: [String: String] = [:]
    for index in 0..<count where sheet.isSet("providers[\(index)].name") {
      let path = "providers[\(index)].name"
      let name = sheet.string(path)
      guard name.utf8.count <= 64, Address.isName(name) else {
        sheet.note(path, "must be 1 to 64 letters, digits, `.`, `-` or `_`")
        continue
      }
      if let other = names[name] {
        sheet.note(path, "is the same as `\(other)`; every provider needs a name of its own")
      } else {
        names[name] = path
      }
    }
    return names
  }

  private mutating func provider(_ path: String, _ names: inout [String: String]) -> Configuration.Provider? {
    let isEnabled = sheet.boolean("\(path).enabled") ?? true
    var written = sheet.strings("\(path).api_keys")
    if sheet.isSet("\(path).api_key") {
      written.insert(("\(path).api_key", sheet.string("\(path).api_key")), at: 0)
    }
    let keys = written.compactMap { secret($0.path, $0.text) }
    let most = sheet.integer("\(path).max_concurrent") ?? 0
    let models = sheet.strings("\(path).models")
    for (path, text) in models where text.isEmpty || text.utf8.count > 256 {
      sheet.note(path, "must be 1 to 256 bytes long; leave the list out to serve every model")
    }
    guard let kind = kind(path, isEnabled: isEnabled) else { return nil }
    let demo = demo(path, kind)
    guard let baseURL = baseURL(path, kind) else { return nil }
    let dialect = Dialect(rawValue: sheet.string("\(path).dialect")) ?? kind.row.dialect
    return Configuration.Provider(
      kind: kind, dialect: dialect, name: name(path, kind, &names), baseURL: baseURL, keys: keys,
      priority: sheet.integer("\(path).priority") ?? 10, models: models.map(\.text), isEnabled: isEnabled,
      weight: sheet.integer("\(path).weight") ?? 1, concurrencyMax: most > 0 ? most : nil, timeouts: timeouts(path),
      maxTokensLimit: sheet.integer("\(path).max_tokens_limit"), http2: sheet.boolean("\(path).http2") ?? false,
      idle: sheet.isSet("\(path).idle_secs") ? sheet.seconds("\(path).idle_secs") : kind.row.maxIdle,
      publicAddressesOnly: publicAddressesOnly(path, kind),
      usageInStreams: sheet.boolean("\(path).usage_in_streams"), demo: demo)
  }

  /// A hosted provider is on the Internet; a local one, or one that the operator placed, may be anywhere.
  private func publicAddressesOnly(_ path: String, _ kind: ProviderKind) -> Bool {
    let isHosted = !kind.row.isLocal && kind != .openAiCompatible && !sheet.isSet("\(path).base_url")
    return sheet.isSet("\(path).addresses") ? sheet.string("\(path).addresses") == "public" : isHosted
  }

  private mutating func kind(_ path: String, isEnabled: Bool) -> ProviderKind? {
    guard sheet.isSet("\(path).type") else {
      // A type of the wrong kind has its own fault, and is gone from the sheet.
      if let place = sheet.entries[path]?.place,
        !sheet.faults.contains(where: { $0.message.hasPrefix("`\(path).type` ") })
      {
        sheet.note(place, "`\(path)` has no type; every provider needs one, as in type = \"Ollama\"")
      }
      return nil
    }
    let written = sheet.string("\(path).type")
    guard let kind = Catalog.kind(named: written) else {
      let spellings = Catalog.rows.flatMap { [$0.displayName] + $0.aliases }
      let meant = Spelling.nearest(to: written.lowercased(), in: spellings).flatMap { Catalog.kind(named: $0) }
      let speaking = Catalog.rows.filter(\.speaksNow).map(\.kind.rawValue).joined(separator: ", ")
      sheet.note(
        "\(path).type",
        "is no type of provider; "
          + (meant.map { "did you mean \"\($0.rawValue)\"?" } ?? "it must be one of \(speaking)"))
      return nil
    }
    if !kind.row.speaksNow, isEnabled {
      sheet.note(
        "\(path).type",
        "is \(kind.rawValue), which is not spoken yet; use its OpenAI-compatible endpoint with type "
          + "\"OpenAiCompatible\" if it has one")
    }
    return kind
  }

  private mutating func baseURL(_ path: String, _ kind: ProviderKind) -> BaseURL? {
    let path = "\(path).base_url"
    guard sheet.isSet(path) else {
      if kind == .demo { return .demo }
      guard let text = kind.row.baseURL else {
        sheet.note(
          sheet.entries[String(path.dropLast(".base_url".count))]?.place,
          "`\(path)` is missing; type \"\(kind.rawValue)\" has no address of its own")
        return nil
      }
      return try? BaseURL(text)
    }
    let text = sheet.string(path)
    if kind == .demo {
      if text != BaseURL.demo.text { sheet.note(path, "does not go with type \"Demo\", which runs inside hoosh") }
      return .demo
    }
    do throws(BaseURLFault) {
      return try BaseURL(text)
    } catch {
      sheet.note(path, error.rawValue)
      return nil
    }
  }

  /// The name of the file, or the type's with a number when it is taken.
  private func name(_ path: String, _ kind: ProviderKind, _ names: inout [String: String]) -> String {
    if sheet.isSet("\(path).name") { return sheet.string("\(path).name") }
    return Configuration.freeName(kind) { name in
      guard names[name] == nil else { return false }
      names[name] = path
      return true
    }
  }

  private mutating func demo(_ path: String, _ kind: ProviderKind) -> Configuration.Demo? {
    guard kind == .demo else {
      if sheet.isSet("\(path).demo") { sheet.note("\(path).demo", "goes with type \"Demo\" only") }
      return nil
    }
    var demo = Configuration.Demo()
    demo.tokensPerSecond = sheet.number("\(path).demo.tokens_per_second") ?? 0
    demo.tokens = sheet.integer("\(path).demo.tokens") ?? 0
    demo.firstToken = sheet.milliseconds("\(path).demo.first_token_ms")
    demo.failure = Configuration.Demo.Failure(rawValue: sheet.string("\(path).demo.fail"))
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
