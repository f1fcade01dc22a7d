import Foundation
import Reactor
import Support
import Testing

@testable import Gateway

/// Callers that come and go at any time, in any dialect and form, while an upstream answers, fails, or is slow.
@Suite struct FlightSimulation {
  /// Episodes of a run; `tools/simulate` sets another number.
  private static let lives = ProcessInfo.processInfo.environment["HOOSH_SIM_LIVES"].flatMap { UInt64($0) } ?? 100

  private static let forms: [[UInt8]] = [
    World.chat(#"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"max_tokens":9}"#),
    World.chat(#"{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":9}"#),
    World.post(
      "/v1/messages", #"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"max_tokens":9}"#),
    World.post("/v1/messages", #"{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":9}"#),
    World.post(
      "/api/chat",
      #"{"model":"m","stream":false,"messages":[{"role":"user","content":"hi"}],"options":{"num_predict":9}}"#),
  ]

  /// The pieces of an answer, which may fail at any point.
  private static func steps(_ random: inout SplitMix) -> [Script.Step] {
    func pause() -> [Script.Step] {
      Bool.random(using: &random) ? [.wait(.milliseconds(.random(in: 1...3000, using: &random)))] : []
    }
    var steps = pause()
    let fate = Int.random(in: 0..<10, using: &random)
    if fate == 0 { return steps + Script.Step.json(#"{"error":{"message":"down"}}"#, status: 500) }
    if fate == 1 { return steps + [.fail(.connectFailed)] }
    if Bool.random(using: &random) {
      return steps + Script.Step.answer
    }
    steps.append(.streamHead)
    for letter in ["he", "l", "lo"] {
      steps += pause()
      if fate == 2, Bool.random(using: &random) { return steps + [.fail(.truncated)] }
      steps.append(.text(letter))
    }
    return steps + pause() + [.text("", finish: #""stop""#)] + pause() + [.done]
  }

  @Test(arguments: 0..<lives)
  func `every caller that stays has the whole answer or an error, and nothing is left`(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let plays = (0..<2).map { _ in
      let steps = Self.steps(&random)
      return { (_: SeenRequest) in steps }
    }
    let world = try World(
      clock: .manual,
      toml:
        "[cache]\nenabled = true\ntemperature_max = 2\n[[budgets]]\nname = \"b\"\nper = \"everyone\"\ncapacity = 1000000\n",
      plays)
    var clients: [(client: TestClient, isGone: Bool)] = []
    for _ in 0..<Int.random(in: 2...30, using: &random) {
      switch Int.random(in: 0..<4, using: &random) {
      case 0, 1:
        let client = world.connect()
        client.send(Self.forms.randomElement(using: &random)!)
        clients.append((client, false))
      case 2:
        if let index = clients.indices.randomElement(using: &random), !clients[index].isGone {
          clients[index].client.leave()
          clients[index].isGone = true
        }
      default: world.pass(.milliseconds(.random(in: 0...1500, using: &random)))
      }
      if Bool.random(using: &random) { world.settle() }
    }
    world.pass(.seconds(60))
    for (client, isGone) in clients where !isGone {
      guard let answer = client.responses().first(where: { $0.status >= 200 }) else {
        Issue.record("seed \(seed): a caller has no answer")
        continue
      }
      let isError = answer.text.contains("error")
      #expect(answer.isComplete || isError, "seed \(seed)")
      if answer.isComplete, answer.status == 200, !isError {
        #expect(FlightTests.text(answer) == "hello", "seed \(seed): \(answer.text)")
      }
    }
    let running = world.gateway.transfers.owners.filter { if case .exchange = $0 { true } else { false } }
    #expect(running.isEmpty, "seed \(seed)")
    #expect(world.gateway.relay.shared.flights.isEmpty, "seed \(seed)")
    let states = world.gateway.admission.states(of: .anonymous, at: world.reactor.instant)
    #expect(states.map(\.held) == [0], "seed \(seed)")
  }
}
