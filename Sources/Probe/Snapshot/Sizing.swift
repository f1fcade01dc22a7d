/// A rule of thumb for callers that know only a model's size: parameters times bits, plus 20 % for everything else.
public enum Sizing {
  /// A precision, by its name in requests, highest first.
  public enum Precision: String, Sendable, CaseIterable {
    case fp32
    case fp16
    case bf16
    case int8
    case int4

    /// Bits per parameter.
    public var bits: Int {
      switch self {
      case .fp32: 32
      case .fp16, .bf16: 16
      case .int8: 8
      case .int4: 4
      }
    }
  }

  /// Returns the bytes that a number of parameters needs, saturating.
  @inlinable
  public static func bytes(_ parameters: Int, _ precision: Precision) -> Int {
    let (bits, overflow) = parameters.multipliedReportingOverflow(by: precision.bits)
    if overflow || bits < 0 { return .max }
    let raw = bits / 8
    return raw > .max / 6 * 5 ? .max : raw + raw / 5
  }
}
