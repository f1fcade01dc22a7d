import Foundation
import Testing

@testable import Gateway

/// Answers with embeddings, from each dialect to each.
@Suite struct EmbeddingsAnswerTests {
  private typealias Requests = EmbeddingsRequestTests

  private static let label = AnswerMetadata(requestID: "r1", created: 1700, modelToken: Array(#""m""#.utf8))

  /// A request for two vectors, or for one where the endpoint has only one.
  private static func call(_ endpoint: CallEndpoint, encoding: String = "float") throws -> Call {
    let content = #"{"content":{"parts":[{"text":"a"}]}}"#
    let body =
      switch (endpoint.dialect, endpoint.form) {
      case (.ollama, .legacy): #"{"model":"m","prompt":"abcde"}"#
      case (.ollama, _): #"{"model":"m","input":["a","b"]}"#
      case (.gemini, .batch): #"{"requests":[\#(content),\#(content)]}"#
      case (.gemini, _): content
      default: #"{"model":"m","input":["a","b"],"encoding_format":"\#(encoding)"}"#
      }
    return try Call.read(Array(body.utf8).span, for: endpoint, model: "m")
  }

  /// The answer that the caller gets, and the prompt's tokens.
  private static func relay(
    _ json: String, from dialect: Dialect, to endpoint: CallEndpoint, encoding: String = "float"
  ) throws -> (text: String, usage: Usage?) {
    let bytes = Array(json.utf8)
    var answer = try call(endpoint, encoding: encoding).answerStream(from: dialect, label)
    let (whole, usage) = try answer.whole(bytes.span)
    switch whole {
    case .owned(let made): return (String(decoding: made, as: UTF8.self), usage)
    case .edited(let edits): return (String(decoding: edits.text(of: bytes.span), as: UTF8.self), usage)
    }
  }

  private static let openAI =
    #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1e-05]},{"object":"embedding","index":1,"embedding":[0.25,1]}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}"#
  private static let base64 =
    #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAAAP6zFJ7c="},{"object":"embedding","index":1,"embedding":"AACAPgAAgD8="}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}"#
  private static let ollama =
    #"{"model":"m","embeddings":[[0.5,-1e-05],[0.25,1]],"total_duration":0,"load_duration":0,"prompt_eval_count":7}"#
  private static let batch =
    #"{"embeddings":[{"values":[0.5,-1e-05]},{"values":[0.25,1]}],"usageMetadata":{"promptTokenCount":7}}"#

  @Test func `vectors come as they were written, in the caller's dialect`() throws {
    let answers: [(Dialect, String)] = [(.openAI, Self.openAI), (.ollama, Self.ollama), (.gemini, Self.batch)]
    for (from, answer) in answers {
      #expect(try Self.relay(answer, from: from, to: Requests.openAI).text == Self.openAI)
      #expect(try Self.relay(answer, from: from, to: Requests.openAI, encoding: "base64").text == Self.base64)
      #expect(try Self.relay(answer, from: from, to: Requests.ollama).text == Self.ollama)
      #expect(try Self.relay(answer, from: from, to: Requests.batch).text == Self.batch)
      #expect(
        try Self.relay(answer, from: from, to: Requests.openAI).usage
          == Usage(prompt: 7, completion: 0, source: .reported))
    }
    #expect(try Self.relay(Self.base64, from: .openAI, to: Requests.ollama).text.contains("[0.5,-1e-05]"))
  }

  @Test func `one vector is an answer of its own where the caller asked for one`() throws {
    let one = #"{"data":[{"embedding":[0.5,1]}],"usage":{"prompt_tokens":2}}"#
    #expect(try Self.relay(one, from: .openAI, to: Requests.legacy).text == #"{"embedding":[0.5,1]}"#)
    #expect(
      try Self.relay(one, from: .openAI, to: Requests.gemini).text
        == #"{"embedding":{"values":[0.5,1]},"usageMetadata":{"promptTokenCount":2}}"#)
    #expect(
      try Self.relay(#"{"embedding":{"values":[0.5]}}"#, from: .gemini, to: Requests.gemini).text
        == #"{"embedding":{"values":[0.5]}}"#)
    #expect(
      try Self.relay(#"{"embedding":[0.5]}"#, from: .ollama, to: Requests.legacy).text == #"{"embedding":[0.5]}"#)
  }

  @Test func `bytes of the caller's own dialect pass, but for the model's name`() throws {
    let answer = #"{ "model" : "served","data":[{"embedding":[ 1.50 ],"x":1},{"embedding":[2]}],"y":[1e400] }"#
    #expect(
      try Self.relay(answer, from: .openAI, to: Requests.openAI).text
        == answer.replacing(#""served""#, with: #""m""#))
    #expect(
      try Self.relay(#"{"data":[{"embedding":[1]},{"embedding":[2]}]}"#, from: .openAI, to: Requests.openAI).text
        == #"{"model":"m","data":[{"embedding":[1]},{"embedding":[2]}]}"#)
    let twice = #"{"model":"a","embeddings":[[1],[2]],"model":"b"}"#
    #expect(
      try Self.relay(twice, from: .ollama, to: Requests.ollama).text == #"{"model":"m","embeddings":[[1],[2]]}"#)
  }

  @Test func `an upstream that ignores the encoding is corrected`() throws {
    let floats = #"{"model":"m","data":[{"index":0,"embedding":[0.5,-1e-05]},{"embedding":[]}]}"#
    let text = #"{"model":"m","data":[{"index":0,"embedding":"AAAAP6zFJ7c="},{"embedding":""}]}"#
    #expect(try Self.relay(floats, from: .openAI, to: Requests.openAI, encoding: "base64").text == text)
    #expect(try Self.relay(text, from: .openAI, to: Requests.openAI).text == floats)
    #expect(try Self.relay(text, from: .openAI, to: Requests.openAI, encoding: "base64").text == text)
  }

  @Test func `OpenAI's vectors are in the order of their numbers`() throws {
    let answer = #"{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]}"#
    #expect(try Self.relay(answer, from: .openAI, to: Requests.ollama).text.contains(#""embeddings":[[1],[2]]"#))
  }

  @Test func `tokens that were not counted are estimated, and the answer says so`() throws {
    let (text, usage) = try Self.relay(#"{"embeddings":[[1],[2]]}"#, from: .ollama, to: Requests.openAI)
    #expect(usage == Usage(prompt: 3, completion: 0, source: .estimated))
    #expect(text.hasSuffix(#""usage":{"prompt_tokens":3,"total_tokens":3},"x_usage_source":"estimated"}"#))
  }

  @Test(arguments: [
    ("", Dialect.openAI), ("[]", .openAI), ("{}", .openAI), (#"{"data":{}}"#, .openAI), (#"{"data":[]}"#, .openAI),
    (#"{"data":[{"embedding":[1]}]}"#, .openAI), (#"{"data":[{"embedding":[1]},{}]}"#, .openAI),
    (#"{"data":[{"embedding":[1]},{"embedding":[2]},{"embedding":[3]}]}"#, .openAI),
    (#"{"embeddings":[[1]]}"#, .ollama), (#"{"embeddings":{}}"#, .ollama), (#"{"embedding":7}"#, .ollama),
    (#"{"embeddings":[[1],["a"]]}"#, .ollama), (#"{"embeddings":[[1],7]}"#, .ollama),
    (#"{"embeddings":[[1],[[2]]]}"#, .ollama), (#"{"embeddings":[{"values":[1]},{}]}"#, .gemini),
    (#"{"embeddings":[{"values":[1]},{"values":null}]}"#, .gemini),
  ])
  func `what is no answer fails the attempt`(json: String, dialect: Dialect) {
    for endpoint in [Requests.openAI, Requests.ollama, Requests.batch] where endpoint.dialect != dialect {
      #expect(throws: AttemptFailure.self) { try Self.relay(json, from: dialect, to: endpoint) }
    }
  }

  @Test(arguments: [
    #"[1e39]"#, #"[1e400]"#, #"["x"]"#, #""AAA""#, #""AAAA""#, #""!!!!""#, #""AACAfw==""#, "7", "null",
  ])
  func `a vector that is no list of 32-bit floats fails the attempt`(vector: String) {
    let answer = #"{"data":[{"embedding":\#(vector)},{"embedding":[1]}]}"#
    let encoding = vector.hasPrefix("\"") ? "float" : "base64"
    #expect(throws: AttemptFailure.self) {
      try Self.relay(answer, from: .openAI, to: Requests.openAI, encoding: encoding)
    }
  }

  @Test(arguments: [
    (#"{"error":{"message":"no"}}"#, Dialect.openAI), (#"{"error":"no"}"#, .ollama),
    (#"{"error":{"message":"no","code":400}}"#, .gemini),
  ])
  func `an error in a 200 is an error`(json: String, dialect: Dialect) {
    #expect {
      try Self.relay(json, from: dialect, to: Requests.openAI)
    } throws: { failure in
      guard case AttemptFailure.error(let error) = failure else { return false }
      return error.message == "no"
    }
  }

  @Test func `an answer that is cut off anywhere fails the attempt`() {
    for (json, dialect) in [(Self.openAI, Dialect.openAI), (Self.ollama, .ollama), (Self.batch, .gemini)] {
      for end in 0..<json.utf8.count {
        #expect(throws: AttemptFailure.self) {
          try Self.relay(String(json.prefix(end)), from: dialect, to: Requests.openAI)
        }
      }
    }
  }
}

/// Vectors as text and as base64.
@Suite struct FloatVectorTests {
  private static func float(_ text: String) -> Float? {
    let bytes = Array(text.utf8)
    return FloatVector.float(JSONValue(.number, start: 0, end: bytes.count), bytes.span)
  }

  @Test(arguments: [
    "0", "-0", "1", "-1", "0.1", "-0.0017594862", "1e-05", "1E+5", "3.4028235e38", "1.17549435e-38", "1e-45",
    "1.5e-45",
    "16777217", "16777219", "0.100000001490116119384765625", "9007199254740993", "123456789012345678901234567890",
    "0.000000000000000000000000000000000000000000000000001", "1e-400", "5e-324", "1.0000000596046448",
    "1.00000005960464477539", "1.00000005960464477540",
  ])
  func `a number is the nearest float`(text: String) throws {
    #expect(Self.float(text)?.bitPattern == (try #require(Float(text))).bitPattern)
  }

  @Test func `a number that is too large for a float is rejected`() {
    for text in ["3.5e38", "1e39", "-1e400", String(repeating: "9", count: 2000)] {
      #expect(Self.float(text) == nil)
    }
  }

  @Test func `every float survives the way to base64 and back`() throws {
    var random = SplitMix(state: 7)
    for _ in 0..<20_000 {
      let number = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      guard number.isFinite else { continue }
      #expect(Self.float(number.description)?.bitPattern == number.bitPattern)
      // As other programs write them, with digits to spare.
      let long = String(format: "%.17g", Double(number))
      #expect(Self.float(long)?.bitPattern == number.bitPattern)
    }
    let list = "[0.5,-1e-05,3.4028235e+38,-0.0]"
    let bytes = Array(list.utf8)
    var text: [UInt8] = []
    let vector = JSONValue(.array, start: 0, end: bytes.count, elements: 4)
    try FloatVector.appendBase64(of: vector, bytes.span, to: &text)
    #expect(Data(base64Encoded: String(decoding: text.dropFirst().dropLast(), as: UTF8.self))?.count == 16)
    var back: [UInt8] = []
    try FloatVector.appendNumbers(of: JSONValue(.string, start: 0, end: text.count), text.span, to: &back)
    #expect(String(decoding: back, as: UTF8.self) == list)
  }

  @Test func `base64 is that of RFC 4648`() {
    for count in 0..<40 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 77 &+ count) }
      var text: [UInt8] = []
      Base64.append(bytes.span, to: &text)
      #expect(String(decoding: text, as: UTF8.self) == Data(bytes).base64EncodedString())
      #expect(Base64.decode(text.span) == bytes)
    }
    for wrong in ["A", "AA", "AAA", "AA==AA==", "A===", "====", "AA=A", "A\nAA", "AA-_"] {
      #expect(Base64.decode(Array(wrong.utf8).span) == nil, "\(wrong)")
    }
  }
}
