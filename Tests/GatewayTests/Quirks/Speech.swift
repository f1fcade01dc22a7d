/// An answer of a model, in no dialect.
struct Speech: Equatable {
  enum Piece: Equatable {
    case text(String)
    case thinking(String)
    /// `arguments` is a JSON object.
    case call(name: String, arguments: JSONTree)
  }

  var pieces: [Piece] = []
  var isCutByLength = false
  var promptTokens = 0
  var completionTokens = 0

  private static let words = [
    "word ", "naïve ", "模型", "🙂", "\"quoted\" ", "back\\slash ", "\n", "\t", "{\"a\":1}", "data: ", "[DONE]", "<b>",
    "a",
  ]
  private static let names = ["look", "read_file", "mcp__a-b__c", "f"]

  init(_ chance: inout Chance) {
    promptTokens = chance.between(1, 5000)
    completionTokens = chance.between(1, 5000)
    if chance.one(in: 3) { pieces.append(.thinking(Self.text(&chance))) }
    if !chance.one(in: 4) { pieces.append(.text(Self.text(&chance))) }
    if chance.one(in: 2) {
      for _ in 0..<chance.between(1, 4) {
        pieces.append(.call(name: chance.pick(Self.names), arguments: Self.arguments(&chance)))
      }
    }
    if pieces.isEmpty { pieces.append(.text("a")) }
    isCutByLength = !hasCalls && chance.one(in: 6)
  }

  private static func text(_ chance: inout Chance) -> String {
    "x" + (0..<chance.between(0, 8)).map { _ in chance.pick(words) }.joined()
  }

  private static func arguments(_ chance: inout Chance) -> JSONTree {
    .object(
      (0..<chance.between(0, 3)).map { number in
        let value: JSONTree =
          switch chance.below(4) {
          case 0: .text(text(&chance))
          case 1: .number(chance.between(-9, 9999))
          case 2: .array([.raw("true"), .null, .text("x")])
          default: .object([JSONTree.Member(key: "inner", value: .text(text(&chance)))])
          }
        return JSONTree.Member(key: "k\(number)", value: value)
      })
  }

  var hasCalls: Bool { pieces.contains { if case .call = $0 { true } else { false } } }
  var text: String { pieces.map { if case .text(let text) = $0 { text } else { "" } }.joined() }
  var thinking: String { pieces.map { if case .thinking(let text) = $0 { text } else { "" } }.joined() }
  /// The calls as a name and arguments in one form.
  var calls: [String] {
    pieces.compactMap { piece in
      guard case .call(let name, let arguments) = piece else { return nil }
      return name + " " + HeardAnswer.canonical(arguments.written(JSONTree.Style()))
    }
  }
}
