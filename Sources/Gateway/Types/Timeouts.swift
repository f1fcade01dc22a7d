/// The limits on how long one request may take, from its key in the configuration to the attempt that it ends.
public struct Timeouts: Sendable, Equatable {
  /// The time to connect, including DNS and TLS.
  public var connect: Duration
  /// The time in which a provider must accept some of a request's body.
  public var send: Duration
  /// The time from the request to the response headers. Zero means no limit other than `firstEvent` and `total`.
  public var header: Duration
  /// The time from the request to the first event of a stream.
  public var firstEvent: Duration
  /// The time to retry while a provider reports that it is loading the model. Zero does not retry.
  public var modelLoad: Duration
  /// The time between two events of a stream.
  public var stall: Duration
  /// The time for a complete non-streaming response.
  public var total: Duration
  /// The minimum rate of a stream in bytes per second, measured over 30 seconds. Zero means no limit.
  public var throughputMin: Int
  /// The time the response headers of a stream wait for the first visible output.
  public var commitAfter: Duration
  /// The silence after which a stream gets a comment. Zero sends none.
  public var keepAliveComment: Duration

  /// The defaults of the configuration.
  static let `default` = Configuration.defaults.server.timeouts
}
