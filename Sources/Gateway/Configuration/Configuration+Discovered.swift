extension Configuration {
  /// Returns the configuration without a file: the servers that were found, hosted providers with a key, and a demo.
  ///
  /// - Parameters:
  ///   - found: the kinds that answered at their default address, best first. The first one at an address wins.
  ///   - environment: the variables with the API keys of hosted providers, such as `OPENAI_API_KEY`.
  public static func discovered(found: [ProviderKind], environment: [String: String]) -> Configuration {
    var configuration = defaults
    for kind in found where kind.row.isLocal && kind.row.isSupported && kind != .demo {
      guard let provider = basic(kind, configuration, priority: 10),
        !configuration.providers.contains(where: { $0.baseURL == provider.baseURL })
      else { continue }
      configuration.providers.append(provider)
    }
    for row in ProviderCatalog.rows where !row.isLocal && row.isSupported {
      guard let variable = row.keyVariable, let key = environment[variable].flatMap({ Secret($0) }),
        var provider = basic(row.kind, configuration, priority: 20)
      else { continue }
      provider.keys = [key]
      // The names of their models are unambiguous.
      if !row.ownModels.isEmpty { provider.models = row.ownModels }
      provider.isDiscovered = true
      configuration.providers.append(provider)
    }
    if var demo = basic(.demo, configuration, priority: 30) {
      demo.models = ["demo", "demo-*"]
      demo.demo = Demo()
      configuration.providers.append(demo)
    }
    return configuration
  }

  /// Returns a provider with the defaults of its kind, or `nil` if the kind has no default address.
  private static func basic(_ kind: ProviderKind, _ configuration: Configuration, priority: Int) -> Provider? {
    guard let text = kind.row.baseURL, let url = kind == .demo ? BaseURL.demo : try? BaseURL(text) else {
      return nil
    }
    return Provider(
      kind: kind, dialect: kind.row.dialect, name: kind.row.displayName, baseURL: url, priority: priority,
      weight: ConfigurationValues.defaults.integer("providers[].weight") ?? 0,
      timeouts: configuration.server.timeouts, idleTimeout: idleTimeout(kind))
  }
}
