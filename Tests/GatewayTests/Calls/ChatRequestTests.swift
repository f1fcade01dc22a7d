@testable import Gateway
import Testing

@Suite struct ChatRequestTests {
  static func read(_ body: String) throws(APIError) -> ChatRequest {
    let bytes = Array(body.utf8)
    return try ChatRequest.read(bytes.span)
  }

  /// A request with the given members after its messages.
  static func body(_ members: String) -> String { #"{"model":"m","messages":[{}],\#(members)}"# }

  @Test func `the relevant properties are found`() throws {
    let body =
      #" {"messages" : [ {"role":"user"} ] , "x":1,"stream":true,"model":"a/b:c@1","stream_options":{"include_usage":true}}"#
    let request = try Self.read(body)
    #expect(request.model == "a/b:c@1")
    #expect(Array(body.utf8).span.bytes(request.modelToken ?? .empty).text == #""a/b:c@1""#)
    #expect(request.streams)
    #expect(request.wantsUsage)
    #expect(request.messagesBytes == 19)
  }

  @Test(arguments: [
    ("", "malformed_json", nil), ("null", "malformed_json", nil), ("[]", "malformed_json", nil),
    ("{", "malformed_json", nil), (#"{"model":"m","messages":[{}]}x"#, "malformed_json", nil),
    (#"{"model":"m","messages":[{}],}"#, "malformed_json", nil), ("{}", "missing_required_field", "model"),
    (#"{"messages":[{}]}"#, "missing_required_field", "model"),
    (#"{"model":"m"}"#, "missing_required_field", "messages"),
    (#"{"model":null,"messages":[{}]}"#, "invalid_value", "model"),
    (#"{"model":"","messages":[{}]}"#, "invalid_value", "model"),
    (#"{"model":1,"messages":[{}]}"#, "invalid_value", "model"),
    (#"{"model":"a\nb","messages":[{}]}"#, "invalid_value", "model"),
    (#"{"model":"a\u0000b","messages":[{}]}"#, "invalid_value", "model"),
    (#"{"model":"a\u007fb","messages":[{}]}"#, "invalid_value", "model"),
    ("{\"model\":\"\(String(repeating: "m", count: 257))\",\"messages\":[{}]}", "invalid_value", "model"),
    ("{\"model\":\"\(String(repeating: "m", count: 5000))\",\"messages\":[{}]}", "invalid_value", "model"),
    (#"{"model":"m","messages":null}"#, "invalid_value", "messages"),
    (#"{"model":"m","messages":{}}"#, "invalid_value", "messages"),
    (#"{"model":"m","messages":"hi"}"#, "invalid_value", "messages"),
    (#"{"model":"m","messages":[]}"#, "invalid_value", "messages"),
    (body(#""stream":1"#), "invalid_value", "stream"), (body(#""stream":"true""#), "invalid_value", "stream"),
    (body(#""stream_options":1"#), "invalid_value", "stream_options"),
    (body(#""stream_options":{"include_usage":1}"#), "invalid_value", "stream_options.include_usage"),
    (body(#""stream_options":{"include_usage":true,"include_usage":false}"#), "invalid_value", "stream_options"),
    (body(#""max_tokens":0"#), "invalid_value", "max_tokens"),
    (body(#""max_tokens":-1"#), "invalid_value", "max_tokens"),
    (body(#""max_tokens":1.5"#), "invalid_value", "max_tokens"),
    (body(#""max_tokens":"9""#), "invalid_value", "max_tokens"),
    (body(#""max_tokens":9223372036854775808"#), "invalid_value", "max_tokens"),
    (body(#""max_completion_tokens":0"#), "invalid_value", "max_completion_tokens"),
    (body(#""temperature":-0.1"#), "invalid_value", "temperature"),
    (body(#""temperature":2.1"#), "invalid_value", "temperature"),
    (body(#""temperature":1e999"#), "invalid_value", "temperature"),
    (body(#""temperature":"1""#), "invalid_value", "temperature"),
    (body(#""top_p":1.01"#), "invalid_value", "top_p"),
    (body(#""n":0"#), "invalid_value", "n"), (body(#""n":9"#), "invalid_value", "n"),
    (body(#""n":1.0"#), "invalid_value", "n"),
    (body(#""model":"x""#), "duplicate_field", nil), (body(#""a":1,"a":2"#), "duplicate_field", nil),
    (body(#""mo\u0064el":"x""#), "duplicate_field", nil), (body(#""a":1,"\u0061":2"#), "duplicate_field", nil),
  ])
  func `an invalid request is rejected`(_ body: String, _ code: String, _ param: String?) {
    #expect {
      try Self.read(body)
    } throws: { error in
      guard let apiError = error as? APIError else { return false }
      return apiError.status == 400 && apiError.code.rawValue == code && apiError.param == param
        && !apiError.message.isEmpty && apiError.type.description == "invalid_request_error"
    }
  }

  @Test(arguments: [
    #""stream":null"#, #""stream":false"#, #""stream_options":null"#, #""stream_options":{}"#,
    #""stream_options":{"include_usage":null,"x":1}"#, #""max_tokens":null"#, #""max_tokens":1"#,
    #""max_tokens":9223372036854775807"#, #""max_completion_tokens":7"#, #""temperature":0"#, #""temperature":2"#,
    #""temperature":2.0e0"#, #""temperature":null"#, #""top_p":0.999"#, #""top_p":null"#, #""n":1"#, #""n":8"#,
    #""n":null"#, #""Model":"x""#, #""tools":[{"a":{"model":"x","model":"y"}}]"#, #""zz":1e999"#,
  ])
  func `valid values are accepted`(_ members: String) throws {
    let request = try Self.read(Self.body(members))
    #expect(request.model == "m")
    #expect(!request.streams)
    #expect(!request.wantsUsage)
  }

  @Test func `an escaped name of a field is the field`() throws {
    let body = #"{"m\u006fdel":"a\u002fb","mess\u0061ges":[{}],"str\u0065am":true}"#
    let request = try Self.read(body)
    #expect(request.model == "a/b")
    #expect(request.streams)
    #expect(Array(body.utf8).span.bytes(request.modelToken ?? .empty).text == #""a\u002fb""#)
  }

  @Test(arguments: [60, 1000, 100_000])
  func `depth has a limit`(_ depth: Int) {
    let bomb = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    let isFine = depth < Scanner.depthMax
    #expect(((try? Self.read(Self.body(#""x":\#(bomb)"#))) != nil) == isFine)
  }

  @Test func `the number of messages has a limit`() {
    for (count, isFine) in [(ChatRequest.messagesMax, true), (ChatRequest.messagesMax + 1, false)] {
      let messages = Array(repeating: "{}", count: count).joined(separator: ",")
      #expect(((try? Self.read(#"{"model":"m","messages":[\#(messages)]}"#)) != nil) == isFine)
    }
  }

  @Test func `the first error is reported, unless the JSON is malformed`() {
    #expect(throws: APIError.self) { try Self.read(Self.body(#""n":0,"top_p":7"#)) }
    #expect {
      try Self.read(Self.body(#""n":0,"top_p":}"#))
    } throws: {
      ($0 as? APIError)?.code == .malformedJSON
    }
  }
}
