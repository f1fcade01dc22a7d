extension Configuration {
  /// Returns the configuration without a file: the servers that were found, hosted providers with a key, and a demo.
  ///
  /// - Parameters:
  ///   - found: the kinds that answered at their default address, best first. The first one at an address wins.
  ///   - environment: the variables with the API keys of hosted providers, such as `OPENAI_API_KEY`.
  public static func discovered(found: [ProviderKind], environment: [String: String]) -> Configuration {
    let places = LocalServer.places([:])
    return discovered(
      servers: found.compactMap { kind in places.first { $0.kind == kind } }, environment: environment)
  }

  /// Returns the configuration without a file, with the servers that were found, best first.
  public static func discovered(servers: [LocalServer], environment: [String: String]) -> Configuration {
    var configuration = defaults
    configuration.isDiscovered = true
    for server in servers {
      guard var provider = basic(server.kind, configuration, priority: 10),
        !configuration.providers.contains(where: { $0.baseURL == server.baseURL })
      else { continue }
      provider.baseURL = server.baseURL
      provider.name = freeName(server.kind) { name in !configuration.providers.contains { $0.name == name } }
      configuration.providers.append(provider)
    }
    for row in ProviderCatalog.rows where !row.isLocal && row.isSupported {
      guard let variable = row.keyVariable, let value = environment[variable]?.trimming(\.isWhitespace),
        !value.isEmpty
      else { continue }
      guard let key = Secret(value) else {
        configuration.notes.append(
          "hoosh: \(row.displayName) is not used, because \(variable) is no API key: it must be at most "
            + "\(Secret.bytesMax) visible ASCII characters without spaces")
        continue
      }
      guard var provider = basic(row.kind, configuration, priority: 20) else { continue }
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

  /// Returns a discovered configuration with the local servers of the one in use, too: a server that does not answer for a
  /// moment is still where its models are.
  func keepingServers(of running: Configuration) -> Configuration {
    guard isDiscovered, running.isDiscovered else { return self }
    var kept = self
    for var server in running.providers where server.kind.row.isLocal && server.kind != .demo {
      guard !kept.providers.contains(where: { $0.baseURL == server.baseURL }) else { continue }
      server.name = Self.freeName(server.kind) { name in !kept.providers.contains { $0.name == name } }
      kept.providers.insert(server, at: 0)
    }
    return kept
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
