internal import HTTPText

/// The number of gateways that a request has passed through, in the field `x-hoosh-hops`.
///
/// Each gateway adds one to what it received. A request that comes back to where it was is therefore ended, and not sent
/// around until something runs out.
enum Hops {
  /// The name of the field.
  static let field = "x-hoosh-hops"
  /// The most gateways that a request may pass through. The last of them does not send it on.
  static let hopsMax = 8

  /// The field line of a request that comes from a client and not from a gateway.
  static let first = line(1)

  /// The field line of a request that has passed through that many gateways.
  static func line(_ hops: Int) -> String { "\(field): \(hops)" }

  /// Reads the value of the field. A value that is not a number counts as zero, and a large one as the limit.
  static func read(_ value: Span<UInt8>) -> Int {
    var hops = 0
    for index in value.indices {
      guard value[index].isDecimalDigit else { return 0 }
      hops = min(hopsMax, hops * 10 + Int(value[index] - 0x30))
    }
    return hops
  }

  /// The error of a request that would be sent on once too often.
  ///
  /// - Parameters:
  ///   - listener: where this gateway listens, as in `127.0.0.1:8088`.
  ///   - url: the base URL of the provider that would be next.
  static func loop(listener: String, provider: String, url: String) -> APIError {
    APIError(
      508, .loopDetected,
      "The request has passed through \(hopsMax) gateways, so it is going in circles: hoosh at \(listener) would send "
        + "it to the provider `\(provider)` at \(url), which leads back here. Correct the `base_url` of that provider."
    )
  }
}
