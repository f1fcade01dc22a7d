extension Configuration {
  /// Reads a configuration file.
  ///
  /// - Parameters:
  ///   - text: the file, UTF-8, at most 1 MiB.
  ///   - file: its name, for errors and warnings.
  ///   - environment: the variables that `$NAME` refers to.
  ///   - zoneFile: returns the compiled file (TZif) of a time zone that this machine knows.
  /// - Throws: all errors of the file, in its order, or the first one if it is not TOML.
  public static func read(
    text: [UInt8], file: String, environment: [String: String],
    zoneFile: @escaping (String) -> [UInt8]? = { _ in nil }
  ) throws(ConfigurationErrors) -> Configuration {
    let entries: [TOMLEntry]
    do throws(TOMLError) {
      entries = try TOMLFile.read(text)
    } catch {
      throw ConfigurationErrors([
        ConfigurationError(
          file: file, line: error.position.line, column: error.position.column, message: error.message)
      ])
    }
    var reader = ConfigurationReader(
      values: ConfigurationValues(entries, file: file), environment: environment, zoneFile: zoneFile)
    var configuration = reader.configuration()
    guard reader.values.errors.isEmpty else {
      throw ConfigurationErrors(
        reader.values.errors.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) })
    }
    configuration.text = SourceText(text)
    configuration.warnings = reader.values.warnings.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    return configuration
  }
}

extension Configuration {
  /// The configuration of an empty file, which has every default of `ConfigurationKeys`.
  static let defaults: Configuration = {
    var reader = ConfigurationReader(values: .defaults, environment: [:])
    let configuration = reader.configuration()
    precondition(reader.values.errors.isEmpty, "the defaults are invalid")
    return configuration
  }()
}

/// Converts checked values to a configuration, and reports the errors that concern several keys.
struct ConfigurationReader {
  var values: ConfigurationValues
  let environment: [String: String]
  /// Returns the compiled file of a time zone.
  var zoneFile: (String) -> [UInt8]? = { _ in nil }
  /// The providers' own names of models.
  var modelNames: [Configuration.Alias] = []

  /// Returns the configuration. It must not be used if `values` has errors.
  mutating func configuration() -> Configuration {
    let tokens = values.strings("auth.tokens").compactMap { secret($0.path, $0.text) }
    let isOpen = values.boolean("auth.open") ?? false
    let keyFile = values.string("auth.key_file")
    let needsKey = values.count("auth.tokens") > 0 || values.count("keys") > 0 || !keyFile.isEmpty
    if isOpen, needsKey {
      values.report(
        "auth.open",
        "contradicts `auth.tokens`, `auth.key_file`, and [[keys]], one of which callers need; remove one of them")
    }
    var configuration = Configuration(
      server: server(mayBind: isOpen || needsKey), providers: providers(),
      routing: routing(),
      models: models(),
      auth: Configuration.Auth(tokens: tokens, keys: keys(), keyFile: keyFile, isOpen: isOpen),
      admin: admin(mayBind: needsKey), limits: limits(),
      budgets: budgets(),
      cache: cache(),
      accessLog: Configuration.AccessLog(
        format: Configuration.AccessLog.Format(rawValue: values.string("access_log.format")) ?? .text,
        path: values.string("access_log.path")),
      ledger: Configuration.Ledger(
        path: values.string("ledger.path"), keepDays: values.integer("ledger.keep_days") ?? 0,
        bytesMax: values.integer("ledger.bytes_max") ?? 0))
    let names = Set(configuration.providers.map(\.name))
    for (index, alias) in configuration.routing.aliases.enumerated() {
      check("aliases[\(index)].provider", alias.provider, among: names)
    }
    for (index, model) in configuration.models.enumerated() {
      check("models[\(index)].provider", model.provider, among: names)
    }
    checkNames(configuration)
    checkKeys(configuration)
    configuration.routing.aliases += modelNames
    return configuration
  }

  /// Returns the settings of the listener for administration, if it has one. `auth.open` does not open it to other machines.
  private mutating func admin(mayBind: Bool) -> Configuration.Admin? {
    guard let port = values.integer("admin.port") else {
      if values.isSet("admin.bind") { values.report("admin.bind", "has no effect without `admin.port`") }
      return nil
    }
    var bind = values.string("admin.bind")
    do throws(Configuration.BindError) {
      bind = try Configuration.bindAddress(bind, isAllowed: mayBind)
    } catch {
      values.report(values.entries["admin.bind"]?.position, error.message)
    }
    return Configuration.Admin(bind: bind, port: port)
  }

  /// Reports a provider that is named but not configured.
  private mutating func check(_ path: String, _ provider: String?, among names: Set<String>) {
    guard let provider, !names.contains(provider) else { return }
    values.report(path, "names \"\(provider)\", which is not configured; add it to [[providers]] or fix the name")
  }

  private mutating func server(mayBind: Bool) -> Configuration.Server {
    var bind = values.string("server.bind")
    do throws(Configuration.BindError) {
      bind = try Configuration.bindAddress(bind, isAllowed: mayBind)
    } catch {
      values.report(values.entries["server.bind"]?.position, error.message)
    }
    let hosts = values.strings("server.allowed_hosts").map { (path: $0.path, text: $0.text.lowercased()) }
    for (path, text) in hosts where !Address.isName(text) && Address(text) == nil {
      values.report(path, "must be a host name or an IP address, without a scheme, a port, brackets, or *")
    }
    let origins = values.strings("server.allowed_origins").map { (path: $0.path, text: $0.text.lowercased()) }
    for (path, text) in origins where !Self.isOrigin(text) {
      values.report(
        path, "must be an origin such as \"https://chat.example\": a scheme and a host, without a path or *")
    }
    return Configuration.Server(
      bind: bind, port: values.integer("server.port") ?? 0, allowedHosts: hosts.map(\.text),
      allowedOrigins: origins.map(\.text),
      jsonBodyBytesMax: values.integer("server.json_body_bytes_max") ?? 0,
      idleTimeout: values.seconds("server.idle_timeout_secs"),
      modelsTimeout: values.seconds("server.models_timeout_secs"),
      modelsRefresh: values.seconds("server.models_refresh_secs"),
      modelsCache: values.seconds("server.models_cache_secs"),
      strict: values.boolean("server.strict") ?? false,
      outputTokensDefault: values.integer("server.output_tokens_default") ?? 0,
      clientsMax: values.integer("server.clients_max") ?? 0,
      clientsPerAddressMax: values.integer("server.clients_per_address_max"),
      requestBodiesBytesMax: values.integer("server.request_bodies_bytes_max") ?? 0,
      memoryBytesMax: values.integer("server.memory_bytes_max") ?? 0,
      outputHighWater: values.integer("server.output_high_water_bytes") ?? 0,
      headerTimeout: values.seconds("server.header_timeout_secs"),
      bodyTimeout: values.seconds("server.body_timeout_secs"),
      clientReadTimeout: values.seconds("server.client_read_timeout_secs"),
      timeouts: timeouts(),
      dnsCache: values.seconds("server.dns_cache_secs"), drainTimeout: values.seconds("server.drain_timeout_secs"))
  }

  /// Returns a secret of the file, or `nil` with an error that names the key and the variable, never the value. Where it
  /// is not needed, its variable may belong to another machine, and need not be set.
  mutating func secret(_ path: String, _ text: String, isNeeded: Bool = true) -> Secret? {
    do throws(SecretError) {
      return try Secret.expanding(text, in: environment)
    } catch {
      switch error {
      case .unset, .emptyVariable: if !isNeeded { return nil }
      case .empty, .noName, .unprintable: break
      }
      values.report(path, error.message)
      return nil
    }
  }

  /// Returns whether a text is an origin as browsers send it (RFC 6454, section 6.2). Browser extensions use their own
  /// schemes.
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
