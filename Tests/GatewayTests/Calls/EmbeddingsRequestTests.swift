import Testing

@testable import Gateway

/// Requests for embeddings: what is accepted, and what each dialect's upstream gets.
@Suite struct EmbeddingsRequestTests {
  static let openAI = CallEndpoint(.openAI, .embeddings)
  static let ollama = CallEndpoint(.ollama, .embeddings)
  static let legacy = CallEndpoint(.ollama, .embeddings, form: .legacy)
  static let gemini = CallEndpoint(.gemini, .embeddings, model: .empty)
  static let batch = CallEndpoint(.gemini, .embeddings, form: .batch, model: .empty)

  static func read(_ body: String, _ endpoint: CallEndpoint = openAI) throws -> EmbeddingsRequest {
    let bytes = Array(body.utf8)
    return try EmbeddingsRequest.read(bytes.span, for: endpoint, model: endpoint.model == nil ? "" : "m")
  }

  static func apiError(_ body: String, _ endpoint: CallEndpoint = openAI) -> APIError? {
    do {
      _ = try read(body, endpoint)
      return nil
    } catch {
      return error as? APIError
    }
  }

  /// The request that an upstream gets, and the fields that are dropped.
  static func written(
    _ body: String, _ endpoint: CallEndpoint = openAI, in dialect: Dialect, as model: String = "served"
  ) throws -> (text: String, dropped: [String]) {
    let bytes = Array(body.utf8)
    let call = try Call.read(bytes.span, for: endpoint, model: endpoint.model == nil ? "" : "m")
    switch try call.body(bytes.span, in: dialect, for: WriteTarget(model: model, streams: false)) {
    case .edited(let edits): return (String(decoding: edits.text(of: bytes.span), as: UTF8.self), [])
    case .translated(let written):
      return (String(decoding: written.body, as: UTF8.self), written.dropped.names)
    }
  }

  // MARK: OpenAI

  @Test(arguments: [
    (#""a""#, 1), (#""""#, 1), (#"["a"]"#, 1), (#"["a","b","c"]"#, 3), ("[1]", 1), ("[1,2,3]", 1),
    ("[[1],[2,3]]", 2),
  ])
  func `an input is a text, texts, token IDs, or lists of them`(input: String, count: Int) throws {
    let request = try Self.read(#"{"model":"m","input":\#(input)}"#)
    #expect(request.inputs.count == count)
    #expect(request.model == "m")
    #expect(request.encoding == .float)
  }

  @Test(arguments: [
    "null", "true", "7", "{}", "[]", "[[]]", #"["a",1]"#, #"[1,"a"]"#, "[[1],2]", #"[[1],["a"]]"#, "[-1]", "[1.5]",
    "[null]", "[{}]", "[[[1]]]", "[99999999999999999999]",
  ])
  func `any other input is refused with its name`(input: String) {
    let apiError = Self.apiError(#"{"model":"m","input":\#(input)}"#)
    #expect(apiError?.status == 400)
    #expect(apiError?.param == "input")
  }

  @Test func `a request has at most 2,048 inputs`() throws {
    let most = Array(repeating: #""a""#, count: 2048).joined(separator: ",")
    #expect(try Self.read(#"{"model":"m","input":[\#(most)]}"#).inputs.count == 2048)
    #expect(Self.apiError(#"{"model":"m","input":[\#(most),"a"]}"#)?.param == "input")
    #expect(Self.apiError(#"{"model":"m","input":[\#(most),"a"]}"#, Self.ollama)?.param == "input")
    let requests = Array(repeating: #"{"content":{"parts":[{"text":"a"}]}}"#, count: 2049).joined(separator: ",")
    #expect(Self.apiError(#"{"requests":[\#(requests)]}"#, Self.batch)?.param == "requests")
    // Token IDs are of one input, however many there are.
    let tokens = Array(repeating: "1", count: 5000).joined(separator: ",")
    #expect(try Self.read(#"{"model":"m","input":[\#(tokens)]}"#).inputs.count == 1)
  }

  @Test(arguments: [
    (#"{"input":"a"}"#, "model"), (#"{"model":"m"}"#, "input"), (#"{"model":"","input":"a"}"#, "model"),
    (#"{"model":7,"input":"a"}"#, "model"), (#"{"model":"m","input":"a","dimensions":0}"#, "dimensions"),
    (#"{"model":"m","input":"a","dimensions":1.5}"#, "dimensions"),
    (#"{"model":"m","input":"a","dimensions":"9"}"#, "dimensions"),
    (#"{"model":"m","input":"a","dimensions":99999999999}"#, "dimensions"),
    (#"{"model":"m","input":"a","encoding_format":"int8"}"#, "encoding_format"),
    (#"{"model":"m","input":"a","encoding_format":1}"#, "encoding_format"),
  ])
  func `what is wrong is named`(body: String, field: String) {
    let apiError = Self.apiError(body)
    #expect(apiError?.status == 400)
    #expect(apiError?.param == field)
  }

  @Test(arguments: [
    ("", APIError.Code.malformedJSON), ("[]", .malformedJSON), (#"{"model":"m","input":"a""#, .malformedJSON),
    (#"{"model":"m","input":["a",]}"#, .malformedJSON),
    (#"{"model":"m","input":"a","input":"b"}"#, .duplicateField),
  ])
  func `what is no JSON object is refused`(body: String, code: APIError.Code) {
    #expect(Self.apiError(body)?.code == code)
  }

  @Test func `null is a field that is not set`() throws {
    let request = try Self.read(
      #"{"model":"m","input":"a","dimensions":null,"encoding_format":null,"user":null}"#)
    #expect(request.dimensions == nil)
    #expect(request.encoding == .float)
    #expect(request.dropped.names.isEmpty)
  }

  // MARK: The caller's own dialect

  @Test func `an upstream of the caller's dialect gets the caller's bytes`() throws {
    let bodies: [(String, CallEndpoint, Dialect)] = [
      (
        #"{ "model":"m" ,"input":["é\u00e9", "b"],"encoding_format":"base64","x":1e400}"#, Self.openAI, .openAI
      ),
      (#"{"input":"a","truncate":false,"model":"m","options":{"num_ctx":9}}"#, Self.ollama, .ollama),
      (#"{"prompt":"a","model":"m"}"#, Self.legacy, .ollama),
      (#"{"content":{"parts":[{"text":"a"}]},"taskType":"CLUSTERING"}"#, Self.gemini, .gemini),
      (#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]}}]}"#, Self.batch, .gemini),
    ]
    for (body, endpoint, dialect) in bodies {
      #expect(try Self.written(body, endpoint, in: dialect, as: "m").text == body)
    }
    for (body, endpoint, dialect) in bodies {
      let renamed = body.replacing(#""models/m""#, with: #""models/served""#)
        .replacing(#""model":"m""#, with: #""model":"served""#)
      #expect(try Self.written(body, endpoint, in: dialect).text == renamed)
    }
  }

  // MARK: Translations

  @Test func `texts and dimensions reach every dialect`() throws {
    let one = #"{"model":"served","input":["a \"b\"","é\n"],"dimensions":8}"#
    let texts =
      #""requests":[{"model":"models/served","content":{"parts":[{"text":"a \"b\""}]},"outputDimensionality":8},{"model":"models/served","content":{"parts":[{"text":"é\n"}]},"outputDimensionality":8}]"#
    let openAI = #"{"model":"m","input":["a \"b\"","é\n"],"dimensions":8,"encoding_format":"base64"}"#
    #expect(try Self.written(openAI, in: .ollama).text == one)
    #expect(try Self.written(openAI, in: .gemini).text == "{\(texts)}")
    let ollama = #"{"model":"m","input":["a \"b\"","é\n"],"dimensions":8}"#
    #expect(try Self.written(ollama, Self.ollama, in: .openAI).text == one)
    #expect(try Self.written(ollama, Self.ollama, in: .gemini).text == "{\(texts)}")
    let batch = "{\(texts.replacing("models/served", with: "models/m"))}"
    #expect(try Self.written(batch, Self.batch, in: .openAI).text == one)
    #expect(try Self.written(batch, Self.batch, in: .ollama).text == one)
  }

  @Test func `single inputs become lists`() throws {
    #expect(
      try Self.written(#"{"model":"m","prompt":"a"}"#, Self.legacy, in: .openAI).text
        == #"{"model":"served","input":["a"]}"#)
    #expect(
      try Self.written(#"{"content":{"parts":[{"text":"a "},{"text":"b"}]}}"#, Self.gemini, in: .ollama).text
        == #"{"model":"served","input":["a b"]}"#)
    #expect(
      try Self.written(#"{"model":"m","input":"a"}"#, in: .gemini).text
        == #"{"requests":[{"model":"models/served","content":{"parts":[{"text":"a"}]}}]}"#)
  }

  @Test func `what another dialect lacks is dropped by name`() throws {
    #expect(try Self.written(#"{"model":"m","input":"a","user":"u","x":1}"#, in: .ollama).dropped == ["user", "x"])
    #expect(
      try Self.written(
        #"{"model":"m","input":"a","truncate":true,"options":{},"keep_alive":"5m"}"#, Self.ollama, in: .openAI
      ).dropped == ["truncate", "options", "keep_alive"])
    #expect(
      try Self.written(
        #"{"content":{"parts":[{"text":"a"}]},"task_type":"CLUSTERING","embedContentConfig":{"title":"t","outputDimensionality":3}}"#,
        Self.gemini, in: .openAI
      ) == (#"{"model":"served","input":["a"],"dimensions":3}"#, ["task_type", "title"]))
  }

  @Test(arguments: [
    (#"{"model":"m","input":[1,2]}"#, openAI, Dialect.ollama, "input"),
    (#"{"model":"m","input":[[1],[2]]}"#, openAI, .gemini, "input"),
    (#"{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}}"#, gemini, .openAI, "content"),
    (#"{"requests":[{"content":{"parts":[{"text":"a"},{}]}}]}"#, batch, .ollama, "requests[0].content"),
    (
      #"{"requests":[{"content":{"parts":[{"text":"a"}]},"outputDimensionality":1},{"content":{"parts":[{"text":"a"}]}}]}"#,
      batch, .ollama, "requests"
    ),
    (
      #"{"requests":[{"content":{"parts":[{"text":"a"}]},"outputDimensionality":1},{"content":{"parts":[{"text":"a"}]},"outputDimensionality":2}]}"#,
      batch, .openAI, "requests"
    ),
    (#"{"model":"m"}"#, ollama, .openAI, "input"),
  ])
  func `what cannot be translated is a 400 that names it`(
    body: String, endpoint: CallEndpoint, dialect: Dialect, field: String
  ) throws {
    #expect(throws: APIError.self) { try Self.written(body, endpoint, in: dialect) }
    do {
      _ = try Self.written(body, endpoint, in: dialect)
    } catch let error as APIError {
      #expect(error.status == 400)
      #expect(error.param == field)
    }
  }

  @Test func `media and token IDs pass to an upstream of the caller's dialect`() throws {
    let media = #"{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}}"#
    #expect(try Self.written(media, Self.gemini, in: .gemini).text == media)
    let tokens = #"{"model":"served","input":[[1,2],[3]]}"#
    #expect(try Self.written(tokens, in: .openAI).text == tokens)
  }

  // MARK: Ollama and Gemini

  @Test(arguments: [
    #"{"model":"m"}"#, #"{"model":"m","input":""}"#, #"{"model":"m","input":[]}"#, #"{"model":"m","input":null}"#,
  ])
  func `Ollama's request without an input loads the model`(body: String) throws {
    let call = try Call.read(Array(body.utf8).span, for: Self.ollama)
    #expect(call.isModelLoad)
    let label = AnswerMetadata(requestID: "r", created: 1, modelToken: Array(#""m""#.utf8))
    func loaded(_ label: AnswerMetadata, _ endpoint: CallEndpoint) -> String? {
      Dialect.ollama.row.writeLoaded.map { String(decoding: $0(label, endpoint, false), as: UTF8.self) }
    }
    #expect(loaded(label, Self.ollama) == #"{"model":"m","embeddings":[]}"#)
    let legacy = try Call.read(Array(#"{"model":"m","prompt":"","keep_alive":0}"#.utf8).span, for: Self.legacy)
    #expect(legacy.isModelLoad && legacy.isModelUnload)
    #expect(loaded(label, Self.legacy) == #"{"embedding":[]}"#)
  }

  @Test(arguments: [
    (#"{"input":"a"}"#, ollama, "model"), (#"{"model":"m","input":7}"#, ollama, "input"),
    (#"{"model":"m","input":[7]}"#, ollama, "input"), (#"{"model":"m","prompt":[]}"#, legacy, "prompt"),
    (#"{}"#, gemini, "content"), (#"{"content":"a"}"#, gemini, "content"), (#"{"content":{}}"#, gemini, "content"),
    (#"{"content":{"parts":[]}}"#, gemini, "content"), (#"{"requests":[]}"#, batch, "requests"),
    (#"{"requests":{}}"#, batch, "requests"), (#"{"requests":[{}]}"#, batch, "requests[0].content"),
    (#"{"requests":[7]}"#, batch, "requests[0].content"),
    (#"{"requests":[{"content":{"parts":[{"text":"a"}]},"model":7}]}"#, batch, "requests[0].model"),
    (
      #"{"requests":[{"content":{"parts":[{"text":"a"}]},"outputDimensionality":0}]}"#, batch,
      "requests[0].outputDimensionality"
    ),
  ])
  func `what is wrong in the other dialects is named`(body: String, endpoint: CallEndpoint, field: String) {
    let apiError = Self.apiError(body, endpoint)
    #expect(apiError?.status == 400)
    #expect(apiError?.param == field)
  }

  @Test func `a request that is cut off anywhere is refused`() {
    for (body, endpoint) in [
      (#"{"model":"m","input":["a",[1,2],"\u00e9"],"dimensions":8}"#, Self.openAI),
      (#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]}}]}"#, Self.batch),
    ] {
      for end in 0..<body.utf8.count {
        #expect(Self.apiError(String(body.prefix(end)), endpoint)?.status == 400)
      }
    }
  }
}
