/// A request to an upstream. Most of its head is created once per provider.
public struct UpstreamRequest: Sendable {
  /// The request methods in use.
  public enum Method: Sendable { case get, post }

  /// The code that carries a request.
  public enum Transport: Sendable, CaseIterable {
    /// The transport of hoosh's own for HTTP/1.1 without TLS or a proxy, and libcurl for everything else.
    case automatic
    case curl
  }

  public var method: Method
  public var target: UpstreamTarget
  /// The header lines, such as `authorization: Bearer …`, without CR, LF, or NUL. Reuse the same array if possible.
  public var fields: [String]
  /// The value of the `x-request-id` field, without CR, LF, or NUL. Empty for no such field. It is separate because
  /// it differs in each request.
  public var requestID: String
  /// The body of a POST.
  public var body: BufferChain
  /// Whether HTTP/2 may be negotiated with ALPN. An HTTP/2 stream is never paused.
  public var http2: Bool
  /// The time allowed for DNS, connecting, and the TLS handshake together.
  public var connectTimeout: Duration
  /// The time after which an idle connection is not reused.
  public var idleMax: Duration
  /// The policy for the addresses of the target's host name.
  public var addresses: AddressPolicy
  public var transport = Transport.automatic

  /// Creates a request for a target that is used many times.
  public init(
    _ method: Method, _ target: UpstreamTarget, fields: [String] = [], requestID: String = "",
    body: BufferChain = BufferChain(), http2: Bool = false, connectTimeout: Duration = .seconds(10),
    idleMax: Duration = .seconds(600), addresses: AddressPolicy = .any, transport: Transport = .automatic
  ) {
    self.method = method
    self.target = target
    self.fields = fields
    self.requestID = requestID
    self.body = body
    self.http2 = http2
    self.connectTimeout = connectTimeout
    self.idleMax = idleMax
    self.addresses = addresses
    self.transport = transport
  }

  /// Whether the request needs nothing that only libcurl has.
  var isPlain: Bool { transport == .automatic && !target.isSecure && target.proxy == nil }

  /// Creates a request for a URL that is used once.
  public init(
    _ method: Method, _ url: String, fields: [String] = [], body: BufferChain = BufferChain(), http2: Bool = false,
    connectTimeout: Duration = .seconds(10), idleMax: Duration = .seconds(600)
  ) {
    self.init(
      method, UpstreamTarget(url), fields: fields, body: body, http2: http2, connectTimeout: connectTimeout,
      idleMax: idleMax)
  }
}
