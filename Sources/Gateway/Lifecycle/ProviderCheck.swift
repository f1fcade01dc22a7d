public import Reactor

/// The requests that tell whether the providers of a configuration can be reached, and what their responses mean.
public struct ProviderCheck {
  /// The name of the provider.
  public let provider: String
  /// Asks for the provider's model list, with its API key.
  public let request: UpstreamRequest

  /// Returns one check for each enabled provider outside of this process.
  public static func all(_ configuration: Configuration) -> [ProviderCheck] {
    let settings = Settings(configuration)
    if settings.usesTLS { CurlLibrary.prepareTLS() }
    return settings.configuration.enabled.indices.compactMap { index in
      let provider = settings.configuration.enabled[index]
      if provider.baseURL.isInProcess { return nil }
      let request = settings.modelListRequest(index, connectTimeout: configuration.routing.health.timeout)
      return ProviderCheck(provider: provider.name, request: request)
    }
  }

  /// Returns what is wrong with a provider that answered with this status, as a sentence, or `nil`.
  public func problem(status: Int) -> String? {
    switch status {
    case 401, 403: "\(provider) rejects the API key, or the lack of one (status \(status))"
    case 500...: "\(provider) is reachable, but answers with status \(status)"
    default: nil
    }
  }
}
