/// Hoosh's rule of thumb, for callers that name a size and nothing else: parameters times bits, and a fifth for all
/// that is not weights.
public enum Sizing {
  /// Numbers as hoosh names them, the finest first.
  public enum Precision: String, Sendable, CaseIterable {
    case fp32
    case fp16
    case bf16
    case int8
    case int4

    /// Bits of one parameter.
    public var bits: Int {
      switch self {
      case .fp32: 32
      case .fp16, .bf16: 16
      case .int8: 8
      case .int4: 4
      }
    }
  }

  /// Bytes that so many parameters need.
  @inlinable
  public static func bytes(_ parameters: Int, _ precision: Precision) -> Int {
    let (bits, overflow) = parameters.multipliedReportingOverflow(by: precision.bits)
    if overflow || bits < 0 { return .max }
    let raw = bits / 8
    return raw > .max / 6 * 5 ? .max : raw + raw / 5
  }
}
