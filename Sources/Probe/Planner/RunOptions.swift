/// The options of running a model that affect its memory.
public struct RunOptions: Sendable, Equatable {
  /// The context length of each sequence, in tokens.
  public var context = 4096
  /// Concurrent sequences.
  public var parallel = 1
  /// The batch size, in tokens of a prompt.
  public var batch = 512
  /// Whether flash attention is used, which needs no attention matrix in memory.
  public var flashAttention = true
  /// Bits per element of keys and values, including the blocks' scales: 16, 8.5 (Q8_0), or 4.5 (Q4_0).
  public var keyBits = 16.0
  public var valueBits = 16.0

  public init() {}
}
