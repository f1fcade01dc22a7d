extension Configuration {
  /// Reads a configuration file.
  ///
  /// - Parameters:
  ///   - text: the file, UTF-8, at most 1 MiB.
  ///   - file: its name, for the faults.
  ///   - environment: where `$NAME` is looked up.
  /// - Throws: every fault of the file, in its order; of a text that is no TOML, the first.
  public static func read(text: [UInt8], file: String, environment: [String: String])
    throws(ConfigurationFaults) -> Configuration
  {
    let entries: [TOMLEntry]
    do throws(TOMLFault) {
      entries = try TOMLFile.read(text)
    } catch {
      throw ConfigurationFaults([
        ConfigurationFault(
          file: file, line: error.place.line, column: error.place.column, message: error.message)
      ])
    }
    var reader = ConfigurationReader(sheet: ConfigurationSheet(entries, file: file), environment: environment)
    let configuration = reader.configuration()
    guard reader.sheet.faults.isEmpty else {
      throw ConfigurationFaults(
        reader.sheet.faults.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) })
    }
    return configuration
  }
}

/// Makes values of the gateway's own types of a checked sheet, noting what only shows across keys.
struct ConfigurationReader {
  var sheet: ConfigurationSheet
  let environment: [String: String]

  /// The configuration, which is to be thrown away when the sheet has faults.
  mutating func configuration() -> Configuration {
    let tokens = sheet.strings("auth.tokens").compactMap { secret($0.path, $0.text) }
    let configuration = Configuration(
      server: server(hasTokens: sheet.count("auth.tokens") > 0), providers: providers(), routing: routing(),
      models: models(),
      auth: Configuration.Auth(tokens: tokens),
      journal: Configuration.Journal(
        format: Configuration.Journal.Format(rawValue: sheet.string("journal.format")) ?? .text,
        path: sheet.string("journal.path")))
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
    if let provider, !names.contains(provider) { sheet.note(path, "is no provider's name") }
  }

  private mutating func server(hasTokens: Bool) -> Configuration.Server {
    var bind = sheet.string("server.bind")
    do throws(Configuration.BindFault) {
      bind = try Configuration.bindAddress(bind, hasTokens: hasTokens)
    } catch {
      sheet.note(sheet.entries["server.bind"]?.place, error.message)
    }
    let hosts = sheet.strings("server.hosts").map { (path: $0.path, text: $0.text.lowercased()) }
    for (path, text) in hosts where !Address.isName(text) && Address(text) == nil {
      sheet.note(path, "must be a host name or an address, without scheme, port, brackets or *")
    }
    let origins = sheet.strings("server.origins").map { (path: $0.path, text: $0.text.lowercased()) }
    for (path, text) in origins where !Self.isOrigin(text) {
      sheet.note(path, "must be an origin such as \"https://chat.example\": a scheme, a host, no path, and no *")
    }
    return Configuration.Server(
      bind: bind, port: sheet.integer("server.port") ?? 0, hosts: hosts.map(\.text), origins: origins.map(\.text),
      jsonBodyBytesMax: sheet.integer("server.json_body_bytes_max") ?? 0,
      commitAfter: sheet.seconds("server.commit_after_secs"),
      keepAliveComment: sheet.seconds("server.keep_alive_comment_secs"),
      idleTimeout: sheet.seconds("server.idle_timeout_secs"),
      modelsTimeout: sheet.seconds("server.models_timeout_secs"),
      modelsCache: sheet.seconds("server.models_cache_secs"),
      strict: sheet.boolean("server.strict") ?? false,
      clientsMax: sheet.integer("server.clients_max") ?? 0,
      clientsPerAddressMax: sheet.integer("server.clients_per_address_max") ?? 0,
      bodiesBytesMax: sheet.integer("server.bodies_bytes_max") ?? 0,
      memoryBytesMax: sheet.integer("server.memory_bytes_max") ?? 0,
      outputHighWater: sheet.integer("server.output_high_water_bytes") ?? 0,
      headTimeout: sheet.seconds("server.head_timeout_secs"),
      bodyTimeout: sheet.seconds("server.body_timeout_secs"),
      clientReadTimeout: sheet.seconds("server.client_read_timeout_secs"),
      timeouts: timeouts(),
      dnsCache: sheet.seconds("server.dns_cache_secs"), drain: sheet.seconds("server.drain_secs"))
  }

  /// A secret of the file, or a fault that names the key and the variable, never the value.
  mutating func secret(_ path: String, _ text: String) -> Secret? {
    do throws(SecretFault) {
      return try Secret.expanding(text, in: environment)
    } catch {
      sheet.note(path, error.message)
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
