extension Configuration {
  /// Reads a configuration file.
  ///
  /// - Parameters:
  ///   - text: the file, UTF-8, at most 1 MiB.
  ///   - file: its name, for the faults.
  ///   - environment: where `$NAME` is looked up.
  /// - Throws: every fault of the file, in its order; of a text that is no TOML, the first.
  public static func read(text: [UInt8], file: String, environment: [String: String])
    throws(ConfigurationErrors) -> Configuration
  {
    let entries: [TOMLEntry]
    do throws(TOMLError) {
      entries = try TOMLFile.read(text)
    } catch {
      throw ConfigurationErrors([
        ConfigurationError(
          file: file, line: error.position.line, column: error.position.column, message: error.message)
      ])
    }
    var reader = ConfigurationReader(values: ConfigurationValues(entries, file: file), environment: environment)
    let configuration = reader.configuration()
    guard reader.values.errors.isEmpty else {
      throw ConfigurationErrors(
        reader.values.errors.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) })
    }
    return configuration
  }
}

extension Configuration {
  /// The configuration of an empty file: every default, as the table of keys has it.
  static let defaults: Configuration = {
    var reader = ConfigurationReader(values: ConfigurationValues([], file: "the defaults"), environment: [:])
    let configuration = reader.configuration()
    precondition(reader.values.errors.isEmpty, "the defaults do not agree with themselves")
    return configuration
  }()
}

/// Makes values of the gateway's own types of a checked sheet, noting what only shows across keys.
struct ConfigurationReader {
  var values: ConfigurationValues
  let environment: [String: String]

  /// The configuration, which is to be thrown away when the sheet has faults.
  mutating func configuration() -> Configuration {
    let tokens = values.strings("auth.tokens").compactMap { secret($0.path, $0.text) }
    let configuration = Configuration(
      server: server(hasTokens: values.count("auth.tokens") > 0), providers: providers(), routing: routing(),
      models: models(),
      auth: Configuration.Auth(tokens: tokens),
      accessLog: Configuration.AccessLog(
        format: Configuration.AccessLog.Format(rawValue: values.string("journal.format")) ?? .text,
        path: values.string("journal.path")))
    let names = Set(configuration.providers.map(\.name))
    for (index, alias) in configuration.routing.aliases.enumerated() {
      check("aliases[\(index)].provider", alias.provider, among: names)
    }
    for (index, model) in configuration.models.enumerated() {
      check("models[\(index)].provider", model.provider, among: names)
    }
    return configuration
  }

  /// Notes a provider that is named and not there.
  private mutating func check(_ path: String, _ provider: String?, among names: Set<String>) {
    if let provider, !names.contains(provider) { values.report(path, "is no provider's name") }
  }

  private mutating func server(hasTokens: Bool) -> Configuration.Server {
    var bind = values.string("server.bind")
    do throws(Configuration.BindError) {
      bind = try Configuration.bindAddress(bind, hasTokens: hasTokens)
    } catch {
      values.report(values.entries["server.bind"]?.position, error.message)
    }
    let hosts = values.strings("server.hosts").map { (path: $0.path, text: $0.text.lowercased()) }
    for (path, text) in hosts where !Address.isName(text) && Address(text) == nil {
      values.report(path, "must be a host name or an address, without scheme, port, brackets or *")
    }
    let origins = values.strings("server.origins").map { (path: $0.path, text: $0.text.lowercased()) }
    for (path, text) in origins where !Self.isOrigin(text) {
      values.report(path, "must be an origin such as \"https://chat.example\": a scheme, a host, no path, and no *")
    }
    return Configuration.Server(
      bind: bind, port: values.integer("server.port") ?? 0, hosts: hosts.map(\.text), origins: origins.map(\.text),
      jsonBodyBytesMax: values.integer("server.json_body_bytes_max") ?? 0,
      idleTimeout: values.seconds("server.idle_timeout_secs"),
      modelsTimeout: values.seconds("server.models_timeout_secs"),
      modelsCache: values.seconds("server.models_cache_secs"),
      strict: values.boolean("server.strict") ?? false,
      clientsMax: values.integer("server.clients_max") ?? 0,
      clientsPerAddressMax: values.integer("server.clients_per_address_max") ?? 0,
      bodiesBytesMax: values.integer("server.bodies_bytes_max") ?? 0,
      memoryBytesMax: values.integer("server.memory_bytes_max") ?? 0,
      outputHighWater: values.integer("server.output_high_water_bytes") ?? 0,
      headTimeout: values.seconds("server.head_timeout_secs"),
      bodyTimeout: values.seconds("server.body_timeout_secs"),
      clientReadTimeout: values.seconds("server.client_read_timeout_secs"),
      timeouts: timeouts(),
      dnsCache: values.seconds("server.dns_cache_secs"), drain: values.seconds("server.drain_secs"))
  }

  /// A secret of the file, or a fault that names the key and the variable, never the value.
  mutating func secret(_ path: String, _ text: String) -> Secret? {
    do throws(SecretError) {
      return try Secret.expanding(text, in: environment)
    } catch {
      values.report(path, error.message)
      return nil
    }
  }

  /// Whether a text is an origin as a browser sends it (RFC 6454, section 6.2); extensions have their own schemes.
  private static func isOrigin(_ text: String) -> Bool {
    guard text.utf8.count <= 512, text.utf8.allSatisfy({ Secret.isVisible($0) }) else { return false }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1].isEmpty, parts[0].utf8.count > 1, parts[0].last == ":" else { return false }
    guard parts[0] == "http:" || parts[0] == "https:" else {
      return !parts[2].isEmpty && !parts[2].contains("*")
    }
    return (try? BaseURL(text)) != nil
  }
}
