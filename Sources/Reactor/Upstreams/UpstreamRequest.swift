/// What is asked of an upstream. The head is made once per provider, the rest per request.
public struct UpstreamRequest: Sendable {
  /// The methods that a gateway needs.
  public enum Method: Sendable { case get, post }

  public var method: Method
  public var target: UpstreamTarget
  /// Field lines, as in `authorization: Bearer …`; no CR, LF or NUL in them. Best the same array each time.
  public var fields: [String]
  /// The value of an `x-request-id` field, which is the one that differs from request to request; no CR, LF or NUL in
  /// it. There is none where it is empty.
  public var requestID: String
  /// The body of a POST.
  public var body: BufferChain
  /// Whether HTTP/2 may be agreed by ALPN. Such a stream is never paused.
  public var http2: Bool
  /// Time for name, connection and TLS together.
  public var connectTimeout: Duration
  /// Age at which an idle connection is not used again.
  public var idleMax: Duration
  /// Which addresses of the target's name may be connected to.
  public var addresses: AddressPolicy

  public init(
    _ method: Method, _ target: UpstreamTarget, fields: [String] = [], requestID: String = "",
    body: BufferChain = BufferChain(), http2: Bool = false, connectTimeout: Duration = .seconds(10),
    idleMax: Duration = .seconds(600), addresses: AddressPolicy = .any
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
  }

  /// The same for a URL that is used once.
  public init(
    _ method: Method, _ url: String, fields: [String] = [], body: BufferChain = BufferChain(), http2: Bool = false,
    connectTimeout: Duration = .seconds(10), idleMax: Duration = .seconds(600)
  ) {
    self.init(
      method, UpstreamTarget(url), fields: fields, body: body, http2: http2, connectTimeout: connectTimeout,
      idleMax: idleMax)
  }
}
