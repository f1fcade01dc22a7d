import Reactor
import Support
import Testing

@testable import Gateway

extension FrontDoorTests {
  @Test func `H29 a body that waited behind a response is read to its end`() throws {
    let world = try World(.scripted, [{ _ in [.wait(.milliseconds(50))] + Script.Step.answer }])
    let client = world.connect()
    let pad = String(repeating: "x", count: 2_000_000)
    client.send(World.chat() + World.chat(#"{"model":"m","user":"\#(pad)","messages":[{}]}"#))
    #expect(world.run { client.responses().filter(\.isComplete).count == 2 })
    #expect(client.responses().map(\.status) == [200, 200])
  }

  @Test func `H25 a client that sends its body at once gets no 100`() throws {
    let world = try World(.scripted, [{ _ in Script.Step.answer }])
    let client = world.connect()
    client.send(World.chat(fields: ["Expect: 100-continue"]))
    #expect(try world.answer(to: client).status == 200)
    #expect(client.responses().map(\.status) == [200])
  }

  @Test func `a priority is one of its words`() throws {
    let world = try World(.scripted, [{ _ in Script.Step.answer }])
    for word in RequestQueue.Priority.allCases.map(\.rawValue) {
      #expect(try world.exchange(World.chat(fields: ["X-Priority: \(word.uppercased())"])).status == 200)
    }
    for word in ["urgent", "", "norma", "normal2"] {
      let answer = try world.exchange(World.chat(fields: ["X-Priority: \(word)"]))
      #expect(answer.status == 400)
      #expect(answer.text.contains("`x-priority` must be one of "))
    }
  }
}
