internal import Reactor

/// Everything compiled from one configuration. It does not change: a reload replaces it as a whole.
final class Settings: Sendable {
  let configuration: Configuration
  /// The timeouts of a call before its first attempt.
  let timeouts: Timeouts
  let keys: APIKeys
  let hosts: HostAllowlist
  let origins: OriginAllowlist
  /// The enabled providers, in the order of the configuration.
  let providers: [Provider]
  /// Where each provider is called, taken apart once.
  private let targets: [Targets]

  private struct Targets {
    var calls: [UpstreamTarget]
    var models: UpstreamTarget
    var questions: [(kind: QuestionPath.Kind, target: UpstreamTarget)]
  }

  /// The address that the gateway really listens on, once it does.
  let bound: IPAddress?
  private let boundPort: Int?

  init(_ configuration: Configuration, ring: KeyRing? = nil, bound: IPAddress? = nil, port: Int? = nil) {
    self.configuration = configuration
    self.bound = bound
    boundPort = port
    let server = configuration.server
    timeouts = server.timeouts
    keys = APIKeys(
      configuration.auth.tokens, configuration.auth.keys, ring: ring, areNeeded: configuration.auth.needsKey)
    hosts = HostAllowlist(
      bind: bound?.description ?? server.bind, admin: configuration.admin?.bind, names: server.allowedHosts,
      machine: Reactor.hostName)
    origins = OriginAllowlist(server.allowedOrigins)
    providers = configuration.enabled.map { Provider($0, models: configuration.models(at: $0.name)) }
    targets = providers.map { provider in
      let proxy = provider.proxy.map { UpstreamProxy($0.reveal()) }
      return Targets(
        calls: provider.calls.map { UpstreamTarget($0.url, through: proxy) },
        models: UpstreamTarget(provider.modelsURL, through: proxy),
        questions: provider.questions.map { ($0.kind, UpstreamTarget($0.url, through: proxy)) })
    }
  }

  /// The same settings for a gateway that listens on an address and a port.
  func bound(to address: IPAddress?, port: Int) -> Settings {
    Settings(configuration, ring: keys.ring, bound: address, port: port)
  }

  /// The same settings with other keys of the key file.
  func holding(_ ring: KeyRing) -> Settings {
    Settings(configuration, ring: ring, bound: bound, port: boundPort)
  }

  /// The settings of another configuration for a gateway that runs: where it listens, its key file, its access log, and its ledger stay
  /// the same.
  func replaced(by configuration: Configuration) -> Settings {
    var configuration = configuration
    configuration.server.bind = self.configuration.server.bind
    configuration.server.port = self.configuration.server.port
    configuration.admin = self.configuration.admin
    configuration.auth.keyFile = self.configuration.auth.keyFile
    configuration.accessLog = self.configuration.accessLog
    configuration.ledger = self.configuration.ledger
    return Settings(configuration, ring: keys.ring, bound: bound, port: boundPort)
  }

  /// The target of a call at a provider; `nil` if the provider's dialect does not offer the call.
  func target(_ provider: Int, _ call: Call, _ model: String) -> UpstreamTarget? {
    let (provider, targets) = (providers[provider], targets[provider].calls)
    let form = call.passes(to: provider.dialect) ? call.endpoint.form : nil
    for index in targets.indices where provider.calls[index].path.serves(call.endpoint.kind, form) {
      guard let rest = provider.calls[index].path.rest else { return targets[index] }
      return targets[index].appending(rest(model, call.streams))
    }
    return nil
  }

  /// Where a provider answers a question; `nil` if it does not.
  func target(_ provider: Int, _ question: QuestionPath.Kind) -> UpstreamTarget? {
    targets[provider].questions.first { $0.kind == question }?.target
  }

  /// A request for the model list of a provider, which is also its health check.
  func modelListRequest(_ index: Int, connectTimeout: Duration) -> UpstreamRequest {
    let provider = providers[index]
    return UpstreamRequest(
      .get, targets[index].models, fields: provider.credentials[0].getFields, http2: provider.http2,
      connectTimeout: connectTimeout, idleMax: provider.idleMax, addresses: provider.addressPolicy,
      transport: provider.transport)
  }

  /// Whether a provider or its proxy is called over TLS.
  var usesTLS: Bool { targets.contains(where: \.models.usesTLS) }

  /// The index of a provider; `nil` if it is not configured any more.
  func index(of provider: ProviderID) -> Int? { providers.firstIndex { $0.id == provider } }

  /// Where the gateway listens, as a host and a port.
  var listener: String {
    let host = bound?.description ?? configuration.server.bind
    return "\(host.contains(":") ? "[\(host)]" : host):\(boundPort ?? configuration.server.port)"
  }

  /// The provider with that ID; `nil` if it is not configured any more.
  func provider(_ id: ProviderID) -> Provider? { providers.first { $0.id == id } }
}

extension Provider {
  /// The addresses that the provider's host name may lead to.
  var addressPolicy: AddressPolicy { publicAddressesOnly ? .publicOnly : .any }
  /// The transport of the provider's requests.
  var transport: UpstreamRequest.Transport { usesCurl ? .curl : .automatic }
}
