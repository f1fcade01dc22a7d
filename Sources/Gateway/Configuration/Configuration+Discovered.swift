extension Configuration {
  /// The configuration for when there is no file: what was found, and a demo so that something always answers.
  ///
  /// - Parameters:
  ///   - found: the kinds that answered at their own address, best first; of two at one address the first is taken.
  ///   - environment: where the keys of hosted providers are looked for, as in `OPENAI_API_KEY`.
  public static func discovered(found: [ProviderKind], environment: [String: String]) -> Configuration {
    var configuration = defaults
    for kind in found where kind.row.isLocal && kind.row.isSupported && kind != .demo {
      guard let provider = plain(kind, configuration, priority: 10),
        !configuration.providers.contains(where: { $0.baseURL == provider.baseURL })
      else { continue }
      configuration.providers.append(provider)
    }
    for row in ProviderCatalog.rows where !row.isLocal && row.isSupported {
      guard let variable = row.keyVariable, let key = environment[variable].flatMap({ Secret($0) }),
        var provider = plain(row.kind, configuration, priority: 20)
      else { continue }
      provider.keys = [key]
      // Its models have one name, and nobody else's have it.
      if !row.ownModels.isEmpty { provider.models = row.ownModels }
      configuration.providers.append(provider)
    }
    if var demo = plain(.demo, configuration, priority: 30) {
      demo.models = ["demo", "demo-*"]
      demo.demo = Demo()
      configuration.providers.append(demo)
    }
    return configuration
  }

  /// A provider of a kind with nothing said about it; nil when the kind has no address of its own.
  private static func plain(_ kind: ProviderKind, _ configuration: Configuration, priority: Int) -> Provider? {
    guard let text = kind.row.baseURL, let url = kind == .demo ? BaseURL.demo : try? BaseURL(text) else {
      return nil
    }
    return Provider(
      kind: kind, dialect: kind.row.dialect, name: kind.row.displayName, baseURL: url, priority: priority,
      timeouts: configuration.server.timeouts, idle: kind.row.maxIdle)
  }
}
