/// A conversation in no dialect: what callers say, and what the model said before.
struct Dialogue {
  enum Item: Equatable {
    case user(String)
    case assistant(String)
    /// A call of the turn of the assistant before it, and its result.
    case call(name: String, arguments: JSONTree, result: String)
  }

  var system = ""
  var items: [Item] = []

  private static let words = ["word ", "naïve ", "模型 ", "🙂 ", "\"quoted\" ", "back\\slash ", "line\nbreak ", "{} "]
  private static let names = ["look", "read_file", "mcp__a-b__c", "f"]

  init(_ chance: inout Chance) {
    if chance.one(in: 2) { system = Self.text(&chance) }
    items.append(.user(Self.text(&chance)))
    for _ in 0..<chance.below(3) {
      if chance.one(in: 2) { items.append(.assistant(Self.text(&chance))) }
      let calls = chance.below(3)
      for number in 0..<calls {
        items.append(
          .call(
            name: chance.pick(Self.names),
            arguments: chance.one(in: 3)
              ? .make([:]) : .make(["k": .number(number), "t": .text(Self.text(&chance))]),
            result: Self.text(&chance)))
      }
      if calls == 0, case .user? = items.last { continue }
      items.append(.user(Self.text(&chance)))
    }
  }

  private static func text(_ chance: inout Chance) -> String {
    "x" + (0..<chance.between(0, 5)).map { _ in chance.pick(words) }.joined() + "z"
  }

  /// The items with the calls of each turn of the assistant together.
  enum Turn {
    case user(String)
    case assistant(text: String, calls: [(name: String, arguments: JSONTree, result: String)])
  }

  var turns: [Turn] {
    var turns: [Turn] = []
    for item in items {
      switch item {
      case .user(let text): turns.append(.user(text))
      case .assistant(let text): turns.append(.assistant(text: text, calls: []))
      case .call(let name, let arguments, let result):
        if case .assistant(let text, var calls)? = turns.last {
          calls.append((name, arguments, result))
          turns[turns.count - 1] = .assistant(text: text, calls: calls)
        } else {
          turns.append(.assistant(text: "", calls: [(name, arguments, result)]))
        }
      }
    }
    return turns
  }

  /// The items as a provider has to get them, without white space, which dialects join texts with.
  var inOneForm: [String] {
    let results = items.compactMap { if case .call(let name, _, let result) = $0 { (name, result) } else { nil } }
    var told: [String] = system.isEmpty ? [] : ["system " + Self.squeezed(system)]
    var waiting: [String] = []
    var next = 0
    for item in items {
      switch item {
      case .call(let name, let arguments, _):
        told.append("call \(name) \(HeardAnswer.canonical(arguments.written(JSONTree.Style())))")
        waiting.append("result \(results[next].0) \(Self.squeezed(results[next].1))")
        next += 1
      case .user(let text):
        told += waiting + ["user " + Self.squeezed(text)]
        waiting = []
      case .assistant(let text):
        told += waiting + ["assistant " + Self.squeezed(text)]
        waiting = []
      }
    }
    return Self.joined(told + waiting)
  }

  static func squeezed(_ text: String) -> String { String(text.filter { !$0.isWhitespace }) }

  /// Joins texts of one role that follow each other.
  static func joined(_ told: [String]) -> [String] {
    var joined: [String] = []
    for line in told {
      let role = line.prefix { $0 != " " }
      if let last = joined.last, ["user", "assistant", "system"].contains(String(role)), last.hasPrefix(role + " ")
      {
        joined[joined.count - 1] = last + line.dropFirst(role.count + 1)
      } else {
        joined.append(line)
      }
    }
    return joined
  }
}
