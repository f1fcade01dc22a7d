@testable import Gateway
import Reactor
import Support

/// A model server of the simulation: the models that it has, the list that it gives, and its condition.
struct RoutingServer {
  enum List { case whole, partial, empty, long, failing }

  enum Condition: Equatable {
    case up, unreachable
    case status(Int)
  }

  /// The statuses of failures that say nothing about a model.
  private static let statuses = [401, 402, 403, 408, 429, 500, 502, 503, 529]

  var models: [String] = []
  var list = List.whole
  var condition = Condition.up

  static func byChance(_ chance: inout Chance) -> RoutingServer {
    var server = RoutingServer()
    server.change(&chance)
    return server
  }

  mutating func change(_ chance: inout Chance) {
    if models.isEmpty || chance.one(in: 2) {
      models = (0..<chance.between(1, 8)).map { _ in chance.pick(RoutingSetting.models) }
    }
    list = [.whole, .partial, .empty, .long, .failing][chance.weighted([40, 6, 4, chance.one(in: 8) ? 1 : 0, 6])]
    switch chance.below(6) {
    case 0: condition = .unreachable
    case 1: condition = .status(chance.pick(Self.statuses))
    default: condition = .up
    }
  }

  /// The models that it lists; `nil` if its list cannot be read.
  var listed: [String]? {
    switch list {
    case .whole: models
    case .partial: Array(models.dropFirst())
    case .empty: []
    case .long: (0..<4097).map { "long-\($0)" } + models
    case .failing: nil
    }
  }

  /// The status with which it answers a prompt for a model, or 0 for no connection. Once in a while it fails.
  func status(for model: String, _ chance: inout Chance) -> Int {
    switch condition {
    case .unreachable: return 0
    case .status(let status): return status
    case .up: break
    }
    if chance.one(in: 8) { return chance.pick(Self.statuses + [0]) }
    return models.contains(model) ? 200 : 404
  }

  /// The script of an answer with a status.
  static func script(_ status: Int) -> [Script.Step] {
    let first = Script.Step.wait(.milliseconds(5))
    if status == 0 { return [first, .fail(.connectFailed)] }
    if status == 200 { return [first] + Script.Step.answer }
    return [first] + Script.Step.json(#"{"error":{"message":"no","type":"x","code":"y"}}"#, status: status)
  }

  /// The script of its list.
  var listScript: [Script.Step] {
    guard let listed else { return Script.Step.json("nothing", status: 500) }
    let entries = listed.map { "{\"id\":\(RoutingSetting.quoted($0))}" }
    return Script.Step.json("{\"data\":[\(entries.joined(separator: ","))]}")
  }
}
