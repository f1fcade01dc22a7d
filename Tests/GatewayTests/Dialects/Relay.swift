@testable import Gateway

/// A minimal streaming request in a dialect.
private func request(_ call: CallEndpoint) -> Call {
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
  return try! Call.read(bytes.span, for: call, model: "m")
}

private let label = AnswerMetadata(requestID: "r1", created: 1700, modelToken: Array(#""m""#.utf8))

/// Calls a function with the data and the name of each event of an upstream's stream whose bytes arrive in parts that
/// end at `cuts`.
func forEachEvent<Failure: Error>(
  of stream: [UInt8], in dialect: Dialect, cutAt cuts: [Int] = [],
  _ body: (_ data: [UInt8], _ name: [UInt8]) throws(Failure) -> Void
) throws(Failure) {
  var events = SSEReader()
  var lines = NDJSONReader()
  var start = 0
  for end in cuts + [stream.count] {
    let piece = stream.span.extracting(start..<end)
    var offset = 0
    start = end
    while true {
      let isThere: Bool
      do throws(SSEReader.TooLong) {
        isThere =
          dialect == .ollama ? try lines.next(in: piece, from: &offset) : try events.next(in: piece, from: &offset)
      } catch {
        preconditionFailure("an event of a test is too long")
      }
      if !isThere { break }
      try body(dialect == .ollama ? lines.data : events.data, events.name)
    }
  }
}

/// The bytes that a caller receives for an upstream's stream whose bytes arrive in parts that end at `cuts`.
func relay(_ stream: [UInt8], from dialect: Dialect, to call: CallEndpoint, cutAt cuts: [Int] = []) -> String {
  var chat = request(call).answerStream(from: dialect, label)
  var out: [UInt8] = []
  var isDone = false
  do throws(AttemptFailure) {
    // The end of the body ends the last event.
    try forEachEvent(of: stream + Array("\n\n".utf8), in: dialect, cutAt: cuts) {
      (data, name) throws(AttemptFailure) in
      if !isDone { isDone = try chat.take(data.span, named: name.span, into: &out) == .done }
    }
    if isDone || chat.isFinished { chat.finish(into: &out) } else { throw .connectionLost }
  } catch {
    out += Array("failed: \(error)\n".utf8)
  }
  return String(decoding: out, as: UTF8.self)
}

/// The bytes that a caller receives for an upstream's non-streaming answer.
func answer(_ json: [UInt8], from dialect: Dialect, to call: CallEndpoint) throws -> [UInt8] {
  var chat = request(call).answerStream(from: dialect, label)
  switch try chat.whole(json.span).answer {
  case .owned(let made): return made
  case .edited(let edits): return edits.text(of: json.span)
  }
}

/// An error in a dialect.
func failure(_ status: Int, _ message: String, in dialect: Dialect) -> [UInt8] {
  var out: [UInt8] = []
  ErrorReply.body(APIError(status, .upstreamFailed, message), in: dialect, requestID: "r1", into: &out)
  return out
}
