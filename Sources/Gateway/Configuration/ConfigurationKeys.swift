/// Every key of the configuration file. The checks, the defaults and `docs/configuration.md` come from here.
public enum ConfigurationKeys {
  public static let all: [ConfigurationKey] =
    server + routing + providers + routed + models + auth + accessLog + unsupported

  /// Longest time that a key takes, in seconds: a day.
  private static let day = 86400.0

  static let server: [ConfigurationKey] = [
    ConfigurationKey(
      path: "server.bind", kind: .string, defaultValue: "127.0.0.1",
      documentation:
        "IPv4 or IPv6 address to listen on, or `localhost`; beyond this machine only with `auth.tokens`."),
    ConfigurationKey(
      path: "server.port", kind: .integer(0...65535), defaultValue: "8088",
      documentation: "TCP port to listen on; 0 lets the system choose."),
    ConfigurationKey(
      path: "server.hosts", kind: .strings(256),
      documentation: "Host names accepted besides those of this machine and the bind address, without a port."),
    ConfigurationKey(
      path: "server.origins", kind: .strings(256),
      documentation: "Origins of web pages that may call the gateway from a browser; none turns CORS off."),
    ConfigurationKey(
      path: "server.json_body_bytes_max", kind: .integer(1024...1_073_741_824), defaultValue: "33554432",
      documentation: "Largest JSON body of a request, in bytes."),
    ConfigurationKey(
      path: "server.commit_after_secs", kind: .number(0...600), defaultValue: "8",
      documentation: "Seconds that the head of a stream waits for the first visible event, so that an early "
        + "failure can still try another provider."),
    ConfigurationKey(
      path: "server.keep_alive_comment_secs", kind: .number(0...3600), defaultValue: "15",
      documentation: "Seconds of silence in a stream before a comment is sent to keep it open; 0 sends none."),
    ConfigurationKey(
      path: "server.idle_timeout_secs", kind: .number(0.1...day), defaultValue: "75",
      documentation: "Seconds that a client connection is kept between requests."),
    ConfigurationKey(
      path: "server.upstream_connect_timeout_secs", kind: .number(0.01...600), defaultValue: "10",
      documentation: "Seconds to connect to a provider, name lookup and TLS included."),
    ConfigurationKey(
      path: "server.upstream_first_event_timeout_secs", kind: .number(0.01...day), defaultValue: "300",
      documentation: "Seconds from sending a request to the first event of its stream."),
    ConfigurationKey(
      path: "server.upstream_head_timeout_secs", kind: .number(0...day), defaultValue: "0",
      documentation:
        "Seconds from sending a request to the head of its answer; 0 is as long as for its first event, "
        + "or for all of an answer that is no stream."),
    ConfigurationKey(
      path: "server.upstream_load_timeout_secs", kind: .number(0...day), defaultValue: "120",
      documentation: "Seconds that a provider is asked again while it says that it is loading the model and nobody "
        + "else can be asked; 0 does not wait."),
    ConfigurationKey(
      path: "server.upstream_bytes_per_sec_min", kind: .integer(0...1_000_000_000), defaultValue: "0",
      documentation: "Bytes a second that a stream must have over half a minute once it has begun; 0 is no bound."),
    ConfigurationKey(
      path: "server.upstream_stall_timeout_secs", kind: .number(0.01...day), defaultValue: "120",
      documentation: "Seconds that a stream may stand still once it has begun."),
    ConfigurationKey(
      path: "server.upstream_total_timeout_secs", kind: .number(0.01...day), defaultValue: "600",
      documentation: "Seconds that an answer which is no stream may take in all."),
    ConfigurationKey(
      path: "server.models_timeout_secs", kind: .number(0.01...60), defaultValue: "2",
      documentation: "Seconds that a provider has to list its models."),
    ConfigurationKey(
      path: "server.models_cache_secs", kind: .number(0...day), defaultValue: "10",
      documentation: "Seconds that a list of models is remembered; 0 asks every time."),
    ConfigurationKey(
      path: "server.strict", kind: .boolean, defaultValue: "false",
      documentation:
        "Whether a request with fields that its provider cannot take is refused with 400; otherwise they "
        + "are left out and named in `x-dropped-params`."),
    ConfigurationKey(
      path: "server.clients_max", kind: .integer(1...100_000), defaultValue: "8192",
      documentation: "Client connections open at once; one more is answered with 503 and closed. Less where the "
        + "system gives the process fewer descriptors."),
    ConfigurationKey(
      path: "server.clients_per_address_max", kind: .integer(0...100_000), defaultValue: "0",
      documentation: "The same for the connections of one address; 0 is no limit."),
    ConfigurationKey(
      path: "server.bodies_bytes_max", kind: .integer(1_048_576...1_099_511_627_776), defaultValue: "268435456",
      documentation:
        "Bytes that all request bodies together may have, each counted once, from its arrival to the end "
        + "of its answer; a request that would pass it is answered with 503."),
    ConfigurationKey(
      path: "server.memory_bytes_max", kind: .integer(0...1_099_511_627_776), defaultValue: "0",
      documentation: "Memory above which new requests are answered with 503 while the running ones go on; 0 is no "
        + "limit. `--max-memory` does the same."),
    ConfigurationKey(
      path: "server.output_high_water_bytes", kind: .integer(16_384...67_108_864), defaultValue: "262144",
      documentation: "Output that may wait for one client before its upstream is read no further; at a quarter of "
        + "it reading goes on."),
    ConfigurationKey(
      path: "server.head_timeout_secs", kind: .number(0.01...day), defaultValue: "10",
      documentation: "Seconds that the head of a request may take, from its first byte."),
    ConfigurationKey(
      path: "server.body_timeout_secs", kind: .number(0.01...day), defaultValue: "30",
      documentation: "Seconds that the body of a request may take; one more for each 1024 bytes that came."),
    ConfigurationKey(
      path: "server.client_read_timeout_secs", kind: .number(0.01...day), defaultValue: "30",
      documentation: "Seconds in which a client with more than enough to read must have read some of it."),
    ConfigurationKey(
      path: "server.upstream_send_timeout_secs", kind: .number(0.01...day), defaultValue: "30",
      documentation: "Seconds in which a provider must have taken some of a request's body."),
    ConfigurationKey(
      path: "server.dns_cache_secs", kind: .number(0...day), defaultValue: "60",
      documentation: "Seconds that the addresses of a provider's name are used before it is looked up again."),
    ConfigurationKey(
      path: "server.drain_secs", kind: .number(0...day), defaultValue: "30",
      documentation: "Seconds that running requests may go on after the gateway was told to stop."),
  ]

  static let providers: [ConfigurationKey] = [
    ConfigurationKey(
      path: "providers[].type", kind: .string, isRequired: true,
      documentation: "What it is, in any case: "
        + ProviderCatalog.rows.filter(\.isSupported).map { "`\($0.kind.rawValue)`" }.joined(separator: ", ") + "."),
    ConfigurationKey(
      path: "providers[].name", kind: .string,
      documentation: "What it is called in headers, logs and metrics; the type in lower case, with `-2` for the "
        + "second of a type, unless given."),
    ConfigurationKey(
      path: "providers[].base_url", kind: .string,
      documentation: "Where it answers, with or without the final `/v1`; the type's own address unless given, and "
        + "required for `OpenAiCompatible`."),
    ConfigurationKey(
      path: "providers[].dialect", kind: .word(Dialect.upstream.map(\.rawValue)),
      documentation: "What it is spoken to in: OpenAI's chat completions, Anthropic's Messages, Ollama's chat or "
        + "Gemini's content; the type's own unless given."),
    ConfigurationKey(
      path: "providers[].api_key", kind: .secret,
      documentation: "Its key; `$NAME` or `${NAME}` takes it from the environment."),
    ConfigurationKey(
      path: "providers[].priority", kind: .integer(0...4_294_967_295), defaultValue: "10",
      documentation:
        "Lower is tried first among providers whose patterns say equally much; equals keep the order of the file."),
    ConfigurationKey(
      path: "providers[].models", kind: .strings(256),
      documentation:
        "Models it serves, `*` standing for any characters; none means every model. The pattern that says most about a model wins."
    ),
    ConfigurationKey(
      path: "providers[].enabled", kind: .boolean, defaultValue: "true", documentation: "Whether it is used."),
    ConfigurationKey(
      path: "providers[].max_tokens_limit", kind: .integer(1...4_294_967_295),
      documentation: "Most tokens that one request may ask it for."),
    ConfigurationKey(
      path: "providers[].http2", kind: .boolean, defaultValue: "false",
      documentation: "Whether HTTP/2 is offered to an `https` provider."),
    ConfigurationKey(
      path: "providers[].idle_secs", kind: .number(0...day), defaultValue: "600",
      documentation: "Seconds that an unused connection to it is kept; fewer by default for types known to close "
        + "earlier."),
    ConfigurationKey(
      path: "providers[].addresses", kind: .word(["any", "public"]),
      documentation: "Which addresses its host name may lead to: `any`, or `public` for none of this machine, a "
        + "private network or a link; `public` for hosted types, `any` for the others, unless given."),
    ConfigurationKey(
      path: "providers[].usage_in_streams", kind: .boolean,
      documentation: "Whether `stream_options.include_usage` may be sent to it; what is known of the type unless "
        + "given."),
    ConfigurationKey(
      path: "providers[].demo.tokens_per_second", kind: .number(0...1_000_000), defaultValue: "50",
      documentation: "Speed of a `Demo`; 0 is as fast as possible."),
    ConfigurationKey(
      path: "providers[].demo.tokens", kind: .integer(0...100_000), defaultValue: "64",
      documentation: "Length of the answer of a `Demo`."),
    ConfigurationKey(
      path: "providers[].demo.first_token_ms", kind: .number(0...600_000), defaultValue: "200",
      documentation: "Milliseconds before the first token of a `Demo`."),
    ConfigurationKey(
      path: "providers[].demo.fail", kind: .word(["", "before", "during", "refuse"]),
      documentation:
        "How a `Demo` fails: `before` the first token, `during` the answer, or it refuses the request; "
        + "empty for not at all."),
  ]

  static let auth: [ConfigurationKey] = [
    ConfigurationKey(
      path: "auth.tokens", kind: .secrets(1024),
      documentation: "Tokens that callers must present, one of them; none lets everybody in. `$NAME` or `${NAME}` "
        + "takes one from the environment.")
  ]

  static let accessLog: [ConfigurationKey] = [
    ConfigurationKey(
      path: "journal.format", kind: .word(["json", "text", "off"]), defaultValue: "text",
      documentation: "How one line per request is written."),
    ConfigurationKey(
      path: "journal.path", kind: .string, documentation: "File that the lines go to; empty for standard error."),
  ]

  static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

  /// The key of each section that, set to its off value, excuses the rest of the section.
  static let switches = [
    "cache": "cache.enabled", "audit": "audit.enabled", "context": "context.enabled",
    "telemetry": "telemetry.otlp_endpoint",
  ]
}
