import Foundation
import Testing

@testable import Gateway

/// `Pairs/<case>.request.gemini.json` is a request as the writer writes it. `<case>.gemini.sse` is a stream and
/// `<case>.gemini.json` a non-streaming answer as Google's servers send them.
@Suite struct GeminiTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pairs")

  static func cases(_ ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }

  static func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: name)))
  }

  static let label = AnswerMetadata(requestID: "r1", created: 1700, modelToken: Array(#""m""#.utf8))

  @Test func `every case has its files`() {
    #expect(Self.cases(".request.gemini.json").count == 10)
    #expect(Self.cases(".gemini.sse").count == 8)
    #expect(Self.cases(".gemini.json").count == 16)
  }

  // MARK: Requests

  private func written(_ request: String, for model: String = "m") throws -> WrittenRequest {
    let json = Array(request.utf8)
    let conversation = try GeminiRequestReader.read(json.span)
    return try GeminiRequestWriter.write(conversation, json.span, for: WriteTarget(model: model, streams: false))
  }

  private func apiError(_ request: String) -> APIError? {
    do throws(APIError) {
      let json = Array(request.utf8)
      _ = try GeminiRequestReader.read(json.span)
      return nil
    } catch {
      return error
    }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// Completes a request around the fields that a test is about.
  private func request(_ rest: String) -> String { #"{"contents":[{"parts":[{"text":"Hi"}]}],"# + rest + "}" }

  @Test(arguments: cases(".request.gemini.json"))
  func `a request that is read and written stays the same`(name: String) throws {
    let golden = text(try Self.read(name + ".request.gemini.json"))
    let request = try written(golden)
    #expect(text(request.body) + "\n" == golden)
    #expect(request.dropped.names.isEmpty)
  }

  @Test func `both spellings of a field are read`() throws {
    let snake = try written(
      """
      {"system_instruction":"Be brief.","contents":[{"role":"user","parts":[
        {"inline_data":{"mime_type":"image\\/png","data":"aQ=="}},
        {"file_data":{"file_uri":"https:\\/\\/a.b\\/c","mime_type":"image/png"}}]},
       {"role":"model","parts":[{"function_call":{"name":"f"},"thought_signature":"c2k_"}]},
       {"role":"function","parts":[{"function_response":{"name":"f","response":{"output":"done"}}}]}],
       "tools":[{"function_declarations":[{"name":"f","parameters_json_schema":{"type":"object"}}]}],
       "tool_config":{"function_calling_config":{"mode":"any","allowed_function_names":["f"]}},
       "generation_config":{"top_p":0.5,"top_k":40.0,"max_output_tokens":7.0,"stop_sequences":["x"],
        "presence_penalty":1,"frequency_penalty":2,"response_mime_type":"application/json",
        "response_json_schema":{"type":"string"},"thinking_config":{"thinking_budget":-1}}}
      """)
    #expect(
      text(snake.body) == #"""
        {"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image\/png","data":"aQ=="}},{"fileData":{"fileUri":"https:\/\/a.b\/c"}}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"c2k/"}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"result":"done"}}}]}],"systemInstruction":{"parts":[{"text":"Be brief."}]},"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"generationConfig":{"topP":0.5,"topK":40,"maxOutputTokens":7,"stopSequences":["x"],"presencePenalty":1,"frequencyPenalty":2,"responseMimeType":"application/json","responseJsonSchema":{"type":"string"},"thinkingConfig":{"thinkingBudget":-1,"includeThoughts":true}}}
        """#)
    #expect(snake.dropped.names.isEmpty)
  }

  @Test(arguments: ["result", "output", "content", "return_value"])
  func `a tool result with one text under a common name is that text`(name: String) throws {
    let json = Array(
      #"{"contents":[{"parts":[{"functionResponse":{"name":"f","response":{"\#(name)":"sunny"}}}]}]}"#.utf8)
    let conversation = try GeminiRequestReader.read(json.span)
    guard case .toolResult(let result) = conversation.messages.first?.parts.first,
      case .text(let said) = result.parts.first
    else {
      Issue.record("there is no result")
      return
    }
    #expect(text(said.bytes(in: json.span)) == "sunny")
  }

  @Test func `fields without an equivalent are dropped by name`() throws {
    let request = try written(
      request(
        #"""
        "model":"models/m","labels":{},"safetySettings":[],"cachedContent":"cachedContents/x","odd":1,"gone":null,
        "tools":[{"googleSearch":{}},{"codeExecution":{}}],
        "generationConfig":{"candidateCount":2,"responseModalities":["TEXT","IMAGE"],"speechConfig":{},"logprobs":3,
         "responseLogprobs":true}
        """#))
    #expect(
      request.dropped.names == [
        "labels", "safetySettings", "cachedContent", "odd", "googleSearch", "codeExecution", "candidateCount",
        "responseModalities", "speechConfig", "logprobs", "top_logprobs",
      ])
    #expect(text(request.body) == #"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#)
  }

  @Test func `an invalid field is rejected with its path`() {
    let cases = [
      (#"{}"#, "contents"), (#"{"contents":[]}"#, "contents"), (#"{"contents":{"parts":[]}}"#, "contents"),
      (#"{"contents":["Hi"]}"#, "contents[0]"), (#"{"contents":[{"parts":[{"text":""}]}]}"#, "contents"),
      (#"{"contents":[{"role":"system","parts":[]}]}"#, "contents[0].role"),
      (#"{"contents":[{"parts":"Hi"}]}"#, "contents[0].parts"),
      (#"{"contents":[{"parts":["Hi"]}]}"#, "contents[0].parts[0]"),
      (#"{"contents":[{"parts":[{"text":1}]}]}"#, "contents[0].parts[0].text"),
      (
        #"{"contents":[{"parts":[{"inlineData":{"mimeType":"audio/wav"}}]}]}"#,
        "contents[0].parts[0].inlineData"
      ),
      (#"{"contents":[{"parts":[{"fileData":{"fileUri":"gs://a/b.png"}}]}]}"#, "contents[0].parts[0].fileData"),
      (#"{"contents":[{"parts":[{"functionCall":{}}]}]}"#, "contents[0].parts[0].functionCall"),
      (
        #"{"contents":[{"parts":[{"functionCall":{"name":"f","args":[]}}]}]}"#,
        "contents[0].parts[0].functionCall.args"
      ),
      (#"{"contents":[{"parts":[{"functionResponse":{"name":1}}]}]}"#, "contents[0].parts[0].functionResponse"),
      (request(#""systemInstruction":{"parts":[{"inlineData":{}}]}"#), "systemInstruction.parts[0]"),
      (request(#""tools":[{"functionDeclarations":[{"name":""}]}]"#), "tools[0].functionDeclarations"),
      (
        request(#""toolConfig":{"functionCallingConfig":{"mode":"SOME"}}"#),
        "toolConfig.functionCallingConfig.mode"
      ),
      (request(#""generationConfig":{"topP":"0.5"}"#), "generationConfig.topP"),
      (request(#""generationConfig":{"maxOutputTokens":0}"#), "generationConfig.maxOutputTokens"),
      (
        request(#""generationConfig":{"thinkingConfig":{"thinkingBudget":-2}}"#),
        "generationConfig.thinkingConfig.thinkingBudget"
      ),
    ]
    for (json, param) in cases {
      let apiError = apiError(json)
      #expect(apiError?.status == 400, "\(json)")
      #expect(apiError?.param == param, "\(json)")
      #expect(apiError?.message.hasPrefix("`\(param)` ") == true)
    }
  }

  @Test func `schemas with types in capitals become JSON Schemas`() throws {
    let json = Array(
      #"""
      {"type":"OBJECT", "nullable": true, "propertyOrdering":["a"], "properties":{"type":{"type":"STRING","format":"enum",
       "enum":["OBJECT"],"nullable":true},"list":{"type":"ARRAY","min_items":"1","maxItems":"x","items":{"type":"INTEGER"}},
       "either":{"any_of":[{"type":"NUMBER"},{"type":"TYPE_UNSPECIFIED"}],"nullable":true},"n":{"type":["string"]}},
       "additional_properties":false,"example":{"type":"OBJECT"},"default":{"type":"KEPT"}}
      """#.utf8)
    let value = JSONValue(.object, start: 0, end: json.count)
    #expect(
      text(GeminiSchema.jsonSchema(value, json.span)) == #"""
        {"type":["object","null"],"properties":{"type":{"type":["string","null"],"enum":["OBJECT",null]},"list":{"type":"array","minItems":1,"maxItems":"x","items":{"type":"integer"}},"either":{"anyOf":[{"type":"number"},{},{"type":"null"}]},"n":{"type":["string"]}},"additionalProperties":false,"default":{"type":"KEPT"}}
        """#)
  }

  @Test func `results go into one content after their calls, in the calls' order`() throws {
    let request = try written(
      #"""
      {"contents":[{"parts":[{"text":"Go"}]},
       {"role":"model","parts":[{"functionCall":{"id":"a","name":"f"}},{"functionCall":{"id":"b","name":"g"}},
        {"functionCall":{"name":"h"}}]},
       {"parts":[{"text":"Well"},{"functionResponse":{"id":"b","name":"g","response":{"error":"no"}}}]},
       {"parts":[{"functionResponse":{"name":"h","response":{"temperature":[1,2]}}}]},
       {"parts":[{"functionResponse":{"id":"a","name":"f","response":{"result":"{\"x\": 1}"},
         "parts":[{"inlineData":{"mimeType":"image/png","data":"aQ=="}}]}}]}]}
      """#)
    #expect(
      text(request.body).hasSuffix(
        #"""
        {"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"x":1}}},{"functionResponse":{"id":"b","name":"g","response":{"error":"no"}}},{"functionResponse":{"name":"h","response":{"temperature":[1,2]}}},{"text":"Well"},{"inlineData":{"mimeType":"image/png","data":"aQ=="}}]}]}
        """#))
  }

  @Test func `requests of Google's Python client are read`() throws {
    let request = try written(
      #"""
      {"contents":[{"role":"user","parts":[{"inlineData":{"data":"iVBOR__-","mime_type":"image/png"}}]},
       {"role":"model","parts":[{"functionCall":{"id":"a","name":"f"},"thoughtSignature":"ab-_"}]},
       {"role":"model","parts":[{"functionCall":{"id":"b","name":"f"}},{"functionCall":{"id":"c","name":"g"}}]},
       {"role":"user","parts":[{"functionResponse":{"name":"g","response":{}}},
        {"functionResponse":{"name":"f","response":{"result":"1"}}},
        {"functionResponse":{"name":"f","response":{"result":"2"}}},
        {"functionResponse":{"name":"f","response":{"result":"3"}}}]}]}
      """#)
    #expect(
      text(request.body) == #"""
        {"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBOR//+"}}]},{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"ab+/"},{"functionCall":{"id":"b","name":"f","args":{}}},{"functionCall":{"id":"c","name":"g","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"result":"1"}}},{"functionResponse":{"id":"b","name":"f","response":{"result":"2"}}},{"functionResponse":{"id":"c","name":"g","response":{}}},{"functionResponse":{"name":"f","response":{"result":"3"}}}]}]}
        """#)
  }

  @Test func `stream parts that are returned as contents are joined`() throws {
    let pieces = [
      #"{"text":"Hmm, ","thought":true}"#, #"{"text":"well.","thought":true}"#,
      #"{"text":"","thought":true,"thoughtSignature":"c2ln"}"#, #"{"text":"Ye"}"#, #"{"text":"s."}"#,
      #"{"text":""}"#,
      #"{"text":"","thoughtSignature":"ab-_"}"#, #"{"text":"So"}"#,
    ]
    let turns = pieces.map { #"{"role":"model","parts":[\#($0)]}"# }.joined(separator: ",")
    let json = Array(#"{"contents":[{"parts":[{"text":"Hi"}]},\#(turns),{"parts":[{"text":"On"}]}]}"#.utf8)
    let read = try GeminiRequestReader.read(json.span)
    #expect(read.messages.map(\.role) == [.user, .assistant, .user])
    let request = try GeminiRequestWriter.write(read, json.span, for: WriteTarget(model: "m", streams: false))
    #expect(
      text(request.body) == #"""
        {"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Hmm, well.","thought":true,"thoughtSignature":"c2ln"},{"text":"Yes."},{"text":"","thoughtSignature":"ab+/"},{"text":"So"}]},{"role":"user","parts":[{"text":"On"}]}]}
        """#)
  }

  @Test func `a result finds the name of its call`() throws {
    let none: [UInt8] = []
    func call(_ id: String?, _ name: String) -> Conversation.Part {
      .toolCall(.init(id: id.map { EscapedText($0) }, name: EscapedText(name), arguments: .owned(Array("{}".utf8))))
    }
    func result(_ id: String?) -> Conversation.Part {
      .toolResult(.init(id: id.map { EscapedText($0) }, name: nil, parts: [.text(EscapedText("ok"))]))
    }
    func write(_ messages: [Conversation.Message]) throws(APIError) -> String {
      var conversation = Conversation()
      conversation.messages = messages
      let target = WriteTarget(model: "gemini-3-pro-preview", streams: false)
      return text(try GeminiRequestWriter.write(conversation, none.span, for: target).body)
    }
    // The same ID twice refers to the later call. The first call of a content is signed.
    let body = try write([
      .init(role: .assistant, parts: [call("1", "f"), call("2", "g")]), .init(role: .user, parts: [result("1")]),
      .init(role: .assistant, parts: [call("1", "h")]), .init(role: .user, parts: [result("1")]),
      .init(role: .assistant, parts: [call(nil, "i")]), .init(role: .user, parts: [result(nil)]),
    ])
    for name in ["f", "h", "i"] { #expect(body.contains(#""name":"\#(name)","response":{"result":"ok"}"#)) }
    #expect(body.components(separatedBy: "skip_thought_signature_validator").count == 4)
    #expect(throws: APIError.self) { try write([.init(role: .user, parts: [result("9")])]) }
    #expect(throws: APIError.self) { try write([.init(role: .user, parts: [result(nil)])]) }
    #expect(throws: APIError.self) { try write([]) }
    #expect(
      try write([.init(role: .system, parts: [.text(EscapedText("Be brief."))])])
        == #"{"contents":[{"role":"user","parts":[{"text":"Be brief."}]}]}"#)
  }

  @Test func `thinking is requested in the model's format`() throws {
    let cases: [(String, String, String)] = [
      (#"{"thinkingBudget":0}"#, "gemini-2.5-flash", #"{"thinkingBudget":0}"#),
      (#"{"thinkingBudget":0}"#, "gemini-2.5-pro", #"{"thinkingBudget":128}"#),
      (#"{"thinkingBudget":0}"#, "gemini-3.1-pro-preview", #"{"thinkingLevel":"low"}"#),
      (#"{"thinkingBudget":0}"#, "gemini-flash-latest", #"{"thinkingLevel":"minimal"}"#),
      (#"{"thinkingBudget":-1}"#, "gemini-3-flash-preview", #"{"includeThoughts":true}"#),
      (#"{"includeThoughts":true}"#, "gemini-2.5-flash", #"{"thinkingBudget":-1,"includeThoughts":true}"#),
      (#"{"thinkingLevel":"MEDIUM"}"#, "gemini-3-pro-preview", #"{"thinkingLevel":"high","includeThoughts":true}"#),
      (
        #"{"thinkingLevel":"medium"}"#, "google/gemini-3-flash",
        #"{"thinkingLevel":"medium","includeThoughts":true}"#
      ),
      (#"{"thinkingLevel":"LOW"}"#, "gemini-2.5-flash", #"{"thinkingBudget":1024,"includeThoughts":true}"#),
      (#"{"thinkingBudget":32000}"#, "gemini-2.5-flash", #"{"thinkingBudget":24576,"includeThoughts":true}"#),
      (#"{"thinkingBudget":32000}"#, "gemini-2.5-pro", #"{"thinkingBudget":32000,"includeThoughts":true}"#),
    ]
    for (given, model, expected) in cases {
      let body = try written(request(#""generationConfig":{"thinkingConfig":\#(given)}"#), for: model).body
      #expect(text(body).hasSuffix(#""thinkingConfig":\#(expected)}}"#), "\(given) for \(model): \(text(body))")
    }
  }

  @Test func `the allowed tools are kept as far as other dialects can express them`() throws {
    func choice(_ config: String) throws -> (tools: Int, choice: String) {
      let json = Array(
        request(
          #""tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"},{"name":"h"}]}],"toolConfig":{"functionCallingConfig":\#(config)}"#
        ).utf8)
      let read = try GeminiRequestReader.read(json.span)
      return (read.tools.count, read.toolChoice.map { "\($0)".prefix(5) }.map(String.init) ?? "")
    }
    #expect(try choice(#"{"mode":"AUTO"}"#) == (3, "auto"))
    #expect(try choice(#"{"mode":"NONE"}"#) == (3, "none"))
    #expect(try choice(#"{"mode":"ANY"}"#) == (3, "requi"))
    #expect(try choice(#"{"mode":"ANY","allowedFunctionNames":["g"]}"#) == (3, "named"))
    #expect(try choice(#"{"mode":"ANY","allowedFunctionNames":["g","f"]}"#) == (2, "requi"))
    #expect(try choice(#"{"mode":"VALIDATED","allowedFunctionNames":["h"]}"#) == (1, "auto"))
    #expect(try choice(#"{"mode":"MODE_UNSPECIFIED"}"#) == (3, ""))
  }

  @Test func `a request to count tokens may contain a complete request`() throws {
    let body = try written(
      #"{"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"Hi"}]}]}}"#)
    #expect(text(body.body) == #"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#)
    #expect(apiError(#"{"generateContentRequest":{"generateContentRequest":{}}}"#)?.status == 400)
  }
}
