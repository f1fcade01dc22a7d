/// Every key of the configuration file. The checks, the defaults, and `docs/configuration.md` come from this table.
public enum ConfigurationKeys {
  public static let all: [ConfigurationKey] = current + renamed

  /// The keys under their present names.
  static let current: [ConfigurationKey] =
    server + routing + providers + routed + models + auth + admin + keys + limits + budgets + cache + accessLog
    + ledger
    + unsupported

  /// The largest timeout, in seconds.
  private static let day = 86400.0

  static let server: [ConfigurationKey] = [
    ConfigurationKey(
      path: "server.bind", kind: .string, defaultValue: "127.0.0.1",
      documentation:
        "IPv4 or IPv6 address to listen on, or `localhost`. An address that is not loopback requires `auth.tokens` "
        + "or `auth.open`."
    ),
    ConfigurationKey(
      path: "server.port", kind: .integer(0...65535), defaultValue: "8088",
      documentation: "TCP port to listen on. 0 lets the system choose."),
    ConfigurationKey(
      path: "server.allowed_hosts", kind: .strings(256),
      documentation: "Host names to accept in requests, without a port, in addition to the loopback names and the "
        + "bind address."),
    ConfigurationKey(
      path: "server.allowed_origins", kind: .strings(256),
      documentation: "Origins of web pages that may call the gateway from a browser. Empty disables CORS."),
    ConfigurationKey(
      path: "server.json_body_bytes_max", kind: .integer(1024...1_073_741_824), defaultValue: "33554432",
      documentation: "Largest JSON body of a request, in bytes."),
    ConfigurationKey(
      path: "server.commit_after_secs", kind: .number(0...600), defaultValue: "8",
      documentation: "Seconds that the response headers of a stream wait for the first visible output. Until they "
        + "are sent, a failure can still become an HTTP error. 0 sends them at once."),
    ConfigurationKey(
      path: "server.keep_alive_comment_secs", kind: .number(0...3600), defaultValue: "15",
      documentation: "Seconds of silence in a stream before a comment keeps the connection open. 0 sends none."),
    ConfigurationKey(
      path: "server.idle_timeout_secs", kind: .number(0.1...day), defaultValue: "75",
      documentation: "Seconds that an idle client connection stays open."),
    ConfigurationKey(
      path: "server.upstream_connect_timeout_secs", kind: .number(0.01...600), defaultValue: "10",
      documentation: "Seconds to connect to a provider, including DNS and TLS."),
    ConfigurationKey(
      path: "server.upstream_first_event_timeout_secs", kind: .number(0.01...day), defaultValue: "300",
      documentation: "Seconds from sending a request to the first event of the stream."),
    ConfigurationKey(
      path: "server.upstream_header_timeout_secs", kind: .number(0...day), defaultValue: "0",
      documentation:
        "Seconds from sending a request to the response headers. 0 means that only the first-event and "
        + "total timeouts apply."),
    ConfigurationKey(
      path: "server.upstream_model_load_timeout_secs", kind: .number(0...day), defaultValue: "120",
      documentation: "Seconds to retry a provider that reports that it is loading the model, if no other candidate "
        + "is left. 0 does not retry."),
    ConfigurationKey(
      path: "server.upstream_bytes_per_sec_min", kind: .integer(0...1_000_000_000), defaultValue: "0",
      documentation:
        "Minimum rate of a stream in bytes per second, measured over 30 seconds after the first visible "
        + "output. 0 means no limit."),
    ConfigurationKey(
      path: "server.upstream_stall_timeout_secs", kind: .number(0.01...day), defaultValue: "120",
      documentation: "Seconds between two events of a stream after the first visible output."),
    ConfigurationKey(
      path: "server.upstream_total_timeout_secs", kind: .number(0.01...day), defaultValue: "600",
      documentation: "Seconds for a complete non-streaming response, including retries and failover."),
    ConfigurationKey(
      path: "server.models_timeout_secs", kind: .number(0.01...60), defaultValue: "2",
      documentation: "Seconds that a provider has to list its models."),
    ConfigurationKey(
      path: "server.models_refresh_secs", kind: .number(0...day), defaultValue: "300",
      documentation:
        "Seconds between two requests for each provider's model list, by which requests are routed. The first is at the start. "
        + "0 requests it only for `GET /v1/models`."),
    ConfigurationKey(
      path: "server.models_cache_secs", kind: .number(0...day), defaultValue: "10",
      documentation: "Seconds that a provider's model list is cached. 0 disables the cache."),
    ConfigurationKey(
      path: "server.strict", kind: .boolean, defaultValue: "false",
      documentation: "Whether a request with fields that the provider does not support is rejected with 400. "
        + "Otherwise hoosh omits the fields and lists them in `x-dropped-params`."),
    ConfigurationKey(
      path: "server.output_tokens_default", kind: .integer(1...1_000_000_000), defaultValue: "4096",
      documentation:
        "Tokens of an answer by which budgets hold, where neither the request nor the model catalog has a limit."),
    ConfigurationKey(
      path: "server.clients_max", kind: .integer(1...100_000), defaultValue: "8192",
      documentation:
        "Largest number of open client connections. hoosh answers one more with 503 and closes it. The "
        + "open-file limit of the process can lower this number."),
    ConfigurationKey(
      path: "server.clients_per_address_max", kind: .integer(0...100_000),
      documentation:
        "Largest number of open client connections from one IPv4 address or one IPv6 network of 64 bits. 0 "
        + "means no limit. Without this key, other machines may open 1024 each, and this machine any number."),
    ConfigurationKey(
      path: "server.request_bodies_bytes_max", kind: .integer(1_048_576...1_099_511_627_776),
      defaultValue: "268435456",
      documentation: "Largest total size of all request bodies in memory, in bytes. A body counts from its arrival "
        + "to the end of the response. A request above the limit gets 503."),
    ConfigurationKey(
      path: "server.memory_bytes_max", kind: .integer(0...1_099_511_627_776),
      defaultValue: "1073741824",
      documentation:
        "Memory, in bytes, above which new requests get 503 while running ones continue: that of the process, "
        + "and the sum of what has arrived, was translated, and waits to be sent. An eighth more is kept for callers for "
        + "whom hardly anything is held. 0 means no limit. `--max-memory` overrides it."),
    ConfigurationKey(
      path: "server.output_high_water_bytes", kind: .integer(16_384...67_108_864), defaultValue: "262144",
      documentation: "Buffered output of one client, in bytes, above which hoosh stops reading from the upstream. "
        + "Reading continues at a quarter of it."),
    ConfigurationKey(
      path: "server.header_timeout_secs", kind: .number(0.01...day), defaultValue: "10",
      documentation: "Seconds to receive the headers of a request, from the first byte."),
    ConfigurationKey(
      path: "server.body_timeout_secs", kind: .number(0.01...day), defaultValue: "30",
      documentation:
        "Seconds to receive the body of a request, plus 1 second for each 1024 bytes received, at most as many "
        + "again. A body that takes longer must have come at that rate, and again in each further such period."),
    ConfigurationKey(
      path: "server.client_read_timeout_secs", kind: .number(0.01...day), defaultValue: "30",
      documentation: "Seconds a client above the high-water mark may go without reading before its connection is "
        + "reset."),
    ConfigurationKey(
      path: "server.upstream_send_timeout_secs", kind: .number(0.01...day), defaultValue: "30",
      documentation: "Seconds a provider may go without accepting any more of a request's body."),
    ConfigurationKey(
      path: "server.dns_cache_secs", kind: .number(0...day), defaultValue: "60",
      documentation:
        "Seconds that the DNS addresses of a provider are cached. 0 looks them up for every connection."),
    ConfigurationKey(
      path: "server.drain_timeout_secs", kind: .number(0...day), defaultValue: "30",
      documentation: "Seconds that running requests have to finish while hoosh drains. 0 ends them at once."),
  ]

  static let providers: [ConfigurationKey] = [
    ConfigurationKey(
      path: "providers[].type", kind: .string, isRequired: true,
      documentation: "Provider type, in any case: "
        + ProviderCatalog.rows.filter(\.isSupported).map { "`\($0.kind.rawValue)`" }.joined(separator: ", ") + "."),
    ConfigurationKey(
      path: "providers[].name", kind: .string,
      documentation:
        "Unique name of the provider in headers, logs, and metrics. Defaults to the type in lower case, "
        + "with `-2` for the second provider of a type."),
    ConfigurationKey(
      path: "providers[].base_url", kind: .string,
      documentation:
        "Base URL, or a Unix socket as in `unix:/run/llama.sock` or, with a path, `unix:/run/llama.sock:/v1`. The API is right below "
        + "the path, or below `/v1` if there is none. Defaults to the address of the type; required for `OpenAiCompatible`."
    ),
    ConfigurationKey(
      path: "providers[].proxy", kind: .secret,
      documentation:
        "Proxy that connects to the provider: `http://host:port`, `https://…`, or `socks5h://…`, each with `user:password@` "
        + "before the host if needed. `$NAME` or `${NAME}` reads it from the environment, and `environment` means the proxy "
        + "that `https_proxy`, `http_proxy`, `all_proxy`, and `no_proxy` select, as curl reads them. Without it there is no "
        + "proxy, whatever the environment says."),
    ConfigurationKey(
      path: "providers[].dialect", kind: .word(Dialect.upstream.map(\.rawValue)),
      documentation:
        "Chat API of the provider: OpenAI chat completions, Anthropic Messages, Ollama chat, or Gemini "
        + "`generateContent`. Defaults to the dialect of the type."),
    ConfigurationKey(
      path: "providers[].api_key", kind: .secret,
      documentation: "API key. `$NAME` or `${NAME}` reads it from the environment."),
    ConfigurationKey(
      path: "providers[].priority", kind: .integer(0...4_294_967_295), defaultValue: "10",
      documentation: "Priority among providers whose patterns are equally specific. Lower values are tried first; "
        + "equal values keep the order of the file."),
    ConfigurationKey(
      path: "providers[].models", kind: .strings(256),
      documentation:
        "Patterns of the models that the provider serves, with `*` for any characters. Empty means the models that it "
        + "lists, or every model while its list is not known. The most specific pattern that matches a model wins."),
    ConfigurationKey(
      path: "providers[].model_names", kind: .names(256),
      documentation:
        "The provider's own names of models, as in `{ \"llama-3\" = \"meta/llama-3\" }`: callers use the "
        + "name on the left, and the provider gets the name on the right."),
    ConfigurationKey(
      path: "providers[].enabled", kind: .boolean, defaultValue: "true",
      documentation: "Whether the provider is used."),
    ConfigurationKey(
      path: "providers[].max_tokens_limit", kind: .integer(1...4_294_967_295),
      documentation: "Largest number of output tokens that one request may ask for. hoosh lowers a larger number."),
    ConfigurationKey(
      path: "providers[].rate_limit_rpm", kind: .integer(1...4_294_967_295),
      documentation:
        "Requests in any minute. Above it requests go to another candidate, or are rejected with 429."),
    ConfigurationKey(
      path: "providers[].http2", kind: .boolean, defaultValue: "false",
      documentation: "Whether to offer HTTP/2 to an `https` provider."),
    ConfigurationKey(
      path: "providers[].transport", kind: .word(["auto", "curl"]), defaultValue: "auto",
      documentation:
        "The transport of the requests: `auto` is hoosh's own HTTP/1.1 for `http` and Unix sockets without a proxy, and "
        + "libcurl for everything else. `curl` is libcurl for all."),
    ConfigurationKey(
      path: "providers[].idle_timeout_secs", kind: .number(0...day), defaultValue: "600",
      documentation:
        "Seconds that an idle upstream connection stays open. Defaults to less for types that are known "
        + "to close earlier. 0 keeps it for less than a second."),
    ConfigurationKey(
      path: "providers[].fallback", kind: .word(["local", "hosted"]), defaultValue: "local",
      documentation:
        "Providers that may answer for the models of a provider on this machine when it fails: others on this machine, or "
        + "with `hosted` all that have the model. Elsewhere it has no effect."),
    ConfigurationKey(
      path: "providers[].address_policy", kind: .word(["any", "public"]),
      documentation:
        "Addresses that the host may have or resolve to: `any`, or `public` to exclude loopback, private, "
        + "and link-local addresses. Defaults to `public` for hosted types and to `any` for others and "
        + "behind a proxy, where only literal addresses can be checked."),
    ConfigurationKey(
      path: "providers[].usage_in_streams", kind: .boolean,
      documentation:
        "Whether the provider accepts `stream_options.include_usage`. Defaults to what is known of the "
        + "type."),
    ConfigurationKey(
      path: "providers[].demo.tokens_per_second", kind: .number(0...1_000_000), defaultValue: "50",
      documentation: "Speed of a `Demo`, in tokens per second. 0 means no delay."),
    ConfigurationKey(
      path: "providers[].demo.tokens", kind: .integer(0...100_000), defaultValue: "64",
      documentation: "Length of a `Demo` answer, in tokens."),
    ConfigurationKey(
      path: "providers[].demo.first_token_ms", kind: .number(0...600_000), defaultValue: "200",
      documentation: "Milliseconds before the first token of a `Demo`. 0 means no delay."),
    ConfigurationKey(
      path: "providers[].demo.fail", kind: .word(["", "before", "during", "refuse"]),
      documentation: "Point at which a `Demo` fails: `before` the first token, `during` the answer, or `refuse` to "
        + "reject the request. Empty means never."),
  ]

  static let auth: [ConfigurationKey] = [
    ConfigurationKey(
      path: "auth.tokens", kind: .secrets(1024),
      documentation:
        "API keys that callers may use. Empty allows requests without a key. `$NAME` or `${NAME}` reads "
        + "a key from the environment."),
    ConfigurationKey(
      path: "auth.key_file", kind: .string,
      documentation:
        "File of the keys that `hoosh keys` makes and revokes. Callers need a key then, also while the file has none. Empty "
        + "means no file."),
    ConfigurationKey(
      path: "auth.open", kind: .boolean, defaultValue: "false",
      documentation:
        "Whether it is meant that callers need no key. Without it, hoosh listens only on loopback unless there are "
        + "`auth.tokens`, and a reload cannot remove them all."),
  ]

  static let admin: [ConfigurationKey] = [
    ConfigurationKey(
      path: "admin.port", kind: .integer(0...65535),
      documentation:
        "TCP port of a listener of its own for `/v1/admin`, which `server.port` does not serve then. 0 lets the system choose."
    ),
    ConfigurationKey(
      path: "admin.bind", kind: .string, defaultValue: "127.0.0.1",
      documentation:
        "Address of that listener. One that is not loopback requires `auth.tokens`, `[[keys]]`, or `auth.key_file`."
    ),
  ]

  static let accessLog: [ConfigurationKey] = [
    ConfigurationKey(
      path: "access_log.format", kind: .word(["json", "text", "off"]), defaultValue: "text",
      documentation: "Format of the access log, which has one line per finished request. `off` disables it."),
    ConfigurationKey(
      path: "access_log.path", kind: .string,
      documentation: "File of the access log. `SIGHUP` opens it again. Empty means standard error."),
  ]

  static let ledger: [ConfigurationKey] = [
    ConfigurationKey(
      path: "ledger.path", kind: .string,
      documentation:
        "SQLite file in which every call is written down, and from which a start restores budgets, limits, and costs. Its "
        + "folder must exist on a disk of this machine. Empty keeps them in memory, and a start begins them again. "
        + "`--ephemeral` overrides it."),
    ConfigurationKey(
      path: "ledger.keep_days", kind: .integer(0...36_500), defaultValue: "400",
      documentation: "Days after which the rows of calls are removed. Their sums stay. 0 keeps them for ever."),
    ConfigurationKey(
      path: "ledger.bytes_max", kind: .integer(0...1_099_511_627_776), defaultValue: "10737418240",
      documentation: "Size of the file, in bytes, above which the oldest rows are removed. 0 means no limit."),
  ]

  static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

  /// The key of each section whose off value permits the section's other unsupported keys.
  static let switches = [
    "audit": "audit.enabled", "context": "context.enabled",
    "telemetry": "telemetry.otlp_endpoint",
  ]
}
