extension ConfigurationReader {
  /// Returns the proxy of a provider: that of the file, or one of the environment if the file refers to it.
  mutating func proxy(_ path: String, _ baseURL: BaseURL, isEnabled: Bool) -> ProxyURL? {
    let path = "\(path).proxy"
    guard values.isSet(path) else { return nil }
    if baseURL.isInProcess {
      values.report(path, "does not apply to type \"Demo\", which runs inside hoosh; remove the line")
      return nil
    }
    var (subject, text) = ("", values.string(path))
    if text == "environment" {
      guard let found = ProxyEnvironment(environment).proxy(for: baseURL) else { return nil }
      subject = "names the environment, whose variable \(found.variable) "
      text = found.url
    } else {
      guard baseURL.socketPath == nil else {
        values.report(path, "does not apply to a Unix socket; remove the line")
        return nil
      }
      guard let secret = secret(path, text, isNeeded: isEnabled) else { return nil }
      text = secret.reveal()
    }
    do throws(ProxyURLError) {
      return try ProxyURL(text)
    } catch {
      values.report(path, subject + error.rawValue)
      return nil
    }
  }

  /// Returns the address policy. A hosted provider is on the Internet; a local one, or one with a base URL, may be anywhere,
  /// and so may one behind a proxy, which looks up the name itself.
  mutating func publicAddressesOnly(
    _ path: String, _ kind: ProviderKind, _ baseURL: BaseURL, _ proxy: ProxyURL?
  ) -> Bool {
    let isHosted = !kind.row.isLocal && kind != .openAiCompatible && !values.isSet("\(path).base_url")
    guard values.isSet("\(path).address_policy") else { return isHosted && proxy == nil }
    let isPublic = values.string("\(path).address_policy") == "public"
    if isPublic, proxy != nil, Address(baseURL.host) == nil {
      values.report(
        "\(path).address_policy",
        "cannot be \"public\" behind a proxy, which looks up the host name where hoosh cannot check its addresses; remove "
          + "the line, the proxy, or the name: an IP address in base_url can be checked")
    }
    return isPublic
  }
}

extension Configuration.Provider {
  /// Whether only this machine answers: what is behind a proxy may be elsewhere.
  var isOnThisMachine: Bool { proxy == nil && baseURL.isOnThisMachine }

  /// Whether TLS is used on the way to it.
  var usesTLS: Bool { baseURL.isSecure || proxy?.isSecure == true }

  /// Where it is, for the operator, without any password.
  public var place: String {
    if baseURL.isInProcess { return "in process" }
    return baseURL.text + (proxy.map { " through \($0)" } ?? "")
  }
}
