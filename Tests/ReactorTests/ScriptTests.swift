import Testing

@testable import Reactor

@Suite struct ScriptTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var steps: [Script.Step]
    var end: TransferEnd
    var status = 0
    var body = ""
    var testDescription: String { name }
  }

  private static func bytes(_ text: String) -> Script.Step { .bytes(Array(text.utf8)) }

  static let rows: [Row] = [
    Row(
      name: "a response", steps: [.head(status: 200, fields: []), bytes("hello")], end: .complete, status: 200,
      body: "hello"),
    Row(name: "no body", steps: [.head(status: 204, fields: [])], end: .complete, status: 204),
    Row(
      name: "in pieces, with waits",
      steps: [
        .wait(.milliseconds(2)), .head(status: 200, fields: []), bytes("hel"), .wait(.milliseconds(2)), bytes("lo"),
        .wait(.milliseconds(2)),
      ], end: .complete, status: 200, body: "hello"),
    Row(
      name: "a redirect is a response", steps: [.head(status: 302, fields: ["location: /x"])], end: .complete,
      status: 302),
    Row(name: "closed immediately", steps: [.fail(.closedBeforeResponse)], end: .failed(.closedBeforeResponse)),
    Row(name: "refused", steps: [.fail(.connectFailed)], end: .failed(.connectFailed)),
    Row(
      name: "broken in the body", steps: [.head(status: 200, fields: []), bytes("hello"), .fail(.truncated)],
      end: .failed(.truncated), status: 200, body: "hello"),
    Row(
      name: "closed after the head is truncated",
      steps: [.head(status: 200, fields: []), .fail(.closedBeforeResponse)], end: .failed(.truncated), status: 200),
  ]

  @Test(arguments: rows)
  func `a script has the same outcomes as a network`(row: Row) throws {
    let loop = try Loop()
    let fetched = loop.fetch(loop.reactor.start(Script(row.steps)))
    #expect(fetched.end == row.end)
    if row.status != 0 { #expect(fetched.status == row.status) }
    #expect(fetched.text == row.body)
    #expect(fetched.responded == (row.status == 0 ? 0 : 1))
    #expect(loop.reactor.transferCount == 0)
  }

  @Test func `every class of failure is passed on unchanged`() throws {
    for error in TransferError.allCases {
      let loop = try Loop()
      #expect(loop.fetch(loop.reactor.start(Script([.fail(error)]))).end == .failed(error))
    }
  }

  @Test func `a script answers its origin and no other`() throws {
    let loop = try Loop()
    var seen: [String] = []
    loop.reactor.answer(origin: "http://upstream.test") { request in
      seen.append(request.target.url)
      return Script([.head(status: 200, fields: ["content-type: text/plain"]), .bytes(request.body.joined)])
    }
    let fetched = loop.fetch(UpstreamRequest(.post, "http://upstream.test/v1/x?y=/z", body: BufferChain([7]))) {
      response in
      #expect(response.field("content-type") == "text/plain")
    }
    #expect(fetched.end == .complete)
    #expect(fetched.body == [7])
    #expect(loop.fetch(UpstreamRequest(.get, "http://upstream.test")).end == .complete)
    #expect(loop.fetch(UpstreamRequest(.get, "http://127.0.0.1:1/")).end == .failed(.connectFailed))
    #expect(seen == ["http://upstream.test/v1/x?y=/z", "http://upstream.test"])
  }

  @Test func `a script whose response is not read pauses, and resumes when it is read`() throws {
    let loop = try Loop()
    let piece = [UInt8](repeating: 0x61, count: 64 * 1024)
    var made = 0
    let transfer = loop.reactor.start(
      Script {
        made += 1
        if made == 1 { return .head(status: 200, fields: []) }
        return made <= 129 ? .bytes(piece) : nil
      })
    loop.run(for: .milliseconds(20))
    #expect(loop.reactor.response(of: transfer)?.isPaused == true)
    #expect(loop.reactor.response(of: transfer)?.body.count == piece.count)
    #expect(made == 2)
    var received = 0
    var end: TransferEnd?
    #expect(
      loop.run {
        if let response = loop.reactor.response(of: transfer) {
          received += response.body.count
          loop.reactor.consumeBody(of: transfer, response.body.count)
        }
        if case .transferEnded(transfer, let reason)? = loop.events.last { end = reason }
        return end != nil && loop.reactor.transferCount == 0
      })
    #expect(end == .complete)
    #expect(received == 128 * piece.count)
  }

  @Test func `a response that is read a little at a time stays paused until half of it is read`() throws {
    let loop = try Loop()
    let piece = [UInt8](repeating: 0x61, count: Response.bodyBytesMax)
    var made = 0
    let transfer = loop.reactor.start(
      Script {
        made += 1
        return made == 1 ? .head(status: 200, fields: []) : .bytes(piece)
      })
    #expect(loop.run { loop.reactor.response(of: transfer)?.isPaused == true })
    loop.reactor.consumeBody(of: transfer, piece.count / 2)
    loop.run(for: .milliseconds(20))
    #expect(loop.reactor.response(of: transfer)?.body.count == piece.count / 2)
    #expect(made == 2)
    loop.reactor.consumeBody(of: transfer, 1)
    loop.run(for: .milliseconds(20))
    #expect(loop.reactor.response(of: transfer)?.body.count == piece.count / 2 - 1 + piece.count)
    #expect(made == 3)
  }

  @Test func `a hanging or cancelled script causes no more events`() throws {
    let loop = try Loop()
    let hanging = loop.reactor.start(Script([.head(status: 200, fields: []), .hang, .fail(.truncated)]))
    let cancelled = loop.reactor.start(Script([.wait(.milliseconds(5)), .fail(.truncated)]))
    loop.turn()
    loop.reactor.cancel(cancelled)
    loop.run(for: .milliseconds(20))
    #expect(loop.events.count == 1)
    #expect(loop.reactor.response(of: hanging)?.hasHead == true)
    #expect(loop.reactor.response(of: cancelled) == nil)
    #expect(loop.reactor.transferCount == 1)
  }
}
