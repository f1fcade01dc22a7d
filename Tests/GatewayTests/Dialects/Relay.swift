@testable import Gateway

/// A request in a dialect that asks for a stream, with nothing else to say.
private func request(_ call: ChatCall) -> ChatRequest {
  let body =
    switch (call.dialect, call.form) {
    case (.openAI, _): #"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{}]}"#
    case (.responses, _): #"{"model":"m","stream":true,"input":"x"}"#
    case (.anthropic, _): #"{"model":"m","stream":true,"max_tokens":9,"messages":[{}]}"#
    case (.ollama, .generate): #"{"model":"m","prompt":"x"}"#
    case (.ollama, _): #"{"model":"m","messages":[{}]}"#
    case (.gemini, _): #"{"contents":[{}]}"#
    }
  let bytes = Array(body.utf8)
  return try! ChatRequest.read(bytes.span, for: call, model: "m")
}

private let label = AnswerLabel(requestID: "r1", created: 1700, modelToken: Array(#""m""#.utf8))

/// What a caller gets of an upstream's stream whose bytes come in pieces that end at `cuts`.
func relay(_ stream: [UInt8], from dialect: Dialect, to call: ChatCall, cutAt cuts: [Int] = []) -> String {
  var events = EventReader()
  var lines = LineReader()
  var chat = AnswerStream(for: request(call), from: dialect, label)
  var out: [UInt8] = []
  var isDone = false
  do throws(UpstreamFailure) {
    var start = 0
    // What ends the body ends its last event.
    let stream = stream + Array("\n\n".utf8)
    for end in cuts + [stream.count] {
      let piece = stream.span.extracting(start..<end)
      var offset = 0
      start = end
      while !isDone {
        let isThere =
          dialect == .ollama
          ? (try? lines.next(in: piece, from: &offset)) ?? false
          : (try? events.next(in: piece, from: &offset)) ?? false
        if !isThere { break }
        let data = dialect == .ollama ? lines.data : events.data
        let name = events.name
        isDone = try chat.take(data.span, named: name.span, into: &out) == .done
      }
    }
    if isDone || chat.isFinished { chat.finish(into: &out) } else { throw .broken }
  } catch {
    out += Array("failed: \(error)\n".utf8)
  }
  return String(decoding: out, as: UTF8.self)
}

/// What a caller gets of an upstream's whole answer.
func answer(_ json: [UInt8], from dialect: Dialect, to call: ChatCall) throws -> [UInt8] {
  var chat = AnswerStream(for: request(call), from: dialect, label)
  switch try chat.whole(json.span).answer {
  case .made(let made): return made
  case .edited(let edits): return edits.text(of: json.span)
  }
}

/// How an error is told in a dialect.
func failure(_ status: Int, _ message: String, in dialect: Dialect) -> [UInt8] {
  var out: [UInt8] = []
  RefusalReply.body(Refusal(status, .upstreamFailed, message), in: dialect, requestID: "r1", into: &out)
  return out
}
