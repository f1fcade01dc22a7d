/// Capabilities that a request may require of a model.
public struct ModelCapabilities: OptionSet, Hashable, Sendable {
  public var rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let tools = ModelCapabilities(rawValue: 1)
  public static let vision = ModelCapabilities(rawValue: 1 << 1)
  /// Answers that match a JSON schema.
  public static let schema = ModelCapabilities(rawValue: 1 << 2)
  public static let reasoning = ModelCapabilities(rawValue: 1 << 3)
  public static let audioIn = ModelCapabilities(rawValue: 1 << 4)
  public static let audioOut = ModelCapabilities(rawValue: 1 << 5)
  public static let documents = ModelCapabilities(rawValue: 1 << 6)
  public static let caching = ModelCapabilities(rawValue: 1 << 7)
  public static let embeddings = ModelCapabilities(rawValue: 1 << 8)
  public static let chat = ModelCapabilities(rawValue: 1 << 9)

  /// All capabilities with their names in files.
  static let words: [(capability: ModelCapabilities, word: StaticString)] = [
    (.tools, "tools"), (.vision, "vision"), (.schema, "schema"), (.reasoning, "reasoning"),
    (.audioIn, "audio_in"), (.audioOut, "audio_out"), (.documents, "documents"), (.caching, "caching"),
    (.embeddings, "embeddings"), (.chat, "chat"),
  ]

  /// Creates the capability with a name.
  init?(word: String) {
    guard let known = Self.words.first(where: { "\($0.word)" == word }) else { return nil }
    self = known.capability
  }

  /// The names of the capabilities in this set.
  var names: [String] { Self.words.filter { contains($0.capability) }.map { "\($0.word)" } }
}
