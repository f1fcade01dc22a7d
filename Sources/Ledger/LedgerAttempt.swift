/// One request to a provider, and the most that it may use.
public struct LedgerAttempt: Sendable, Equatable {
  public var provider: String
  /// The model as the provider names it.
  public var model: String
  /// The number of this attempt among those of its call, from 1 on.
  public var number: Int
  /// Tokens of the prompt and of the answer at most.
  public var promptMax: Int
  public var outputMax: Int
  /// The tokens that limits of tokens expect of it.
  public var expected: Int
  /// The highest cost in millionths of a US dollar; `nil` if the price is unknown.
  public var costMax: UInt64?

  public init(
    provider: String, model: String, number: Int, promptMax: Int, outputMax: Int, expected: Int, costMax: UInt64?
  ) {
    self.provider = provider
    self.model = model
    self.number = number
    self.promptMax = promptMax
    self.outputMax = outputMax
    self.expected = expected
    self.costMax = costMax
  }
}
