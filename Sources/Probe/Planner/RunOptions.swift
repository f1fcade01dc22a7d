/// How a model is to be run.
public struct RunOptions: Sendable, Equatable {
  /// Tokens of context for each conversation.
  public var context = 4096
  /// Conversations at the same time.
  public var parallel = 1
  /// Tokens of a prompt that are worked on at once.
  public var batch = 512
  /// Whether attention is done without its large matrix in between.
  public var flashAttention = true
  /// Bits in which keys and values are kept, blocks' scales included: 16, 8.5 (Q8_0) or 4.5 (Q4_0).
  public var keyBits = 16.0
  public var valueBits = 16.0

  public init() {}
}
