@testable import Gateway
import Testing

/// A limit in any form that a provider accepts is clamped, or its request is rejected.
@Suite struct TokenLimitTests {
  /// Returns the body that a provider of the caller's dialect receives, or `nil` if the request is rejected with 400.
  private func write(_ body: String, _ call: CallEndpoint, limit: Int = 100) throws -> String? {
    let json = Array(body.utf8)
    do throws(APIError) {
      let read = try Call.read(json.span, for: call, model: "m")
      let dialect: Dialect = call.dialect == .responses ? .openAI : call.dialect
      let target = WriteTarget(model: "m", maxTokensLimit: limit, streams: false)
      switch try read.body(json.span, in: dialect, for: target) {
      case .edited(let edits): return String(decoding: edits.text(of: json.span), as: UTF8.self)
      case .translated(let written): return String(decoding: written.body, as: UTF8.self)
      }
    } catch {
      #expect(error.status == 400)
      return nil
    }
  }

  private static let large = [
    "5000", #""5000""#, "5e3", #""5e3""#, "5000.0", "50000e-1", "99999999999999999999", "5E+30", #""\u0035000""#,
    "1e308",
  ]
  private static let unreadable = [
    #""5000x""#, #""0x1388""#, #""inf""#, "5000.5", "[5000]", "true", #"{"a":5000}"#, #""""#,
  ]

  private static let bodies: [(CallEndpoint, String)] = {
    var bodies: [(CallEndpoint, String)] = []
    func add(_ call: CallEndpoint, _ start: String, _ members: [String]) {
      for member in members { bodies.append((call, start + member + "}")) }
    }
    let chat = #"{"model":"m","messages":[{"role":"user","content":"a"}],"#
    add(
      CallEndpoint(.openAI), chat,
      [
        #""max_tokens":?"#, #""max_completion_tokens":?"#, #""max\u005ftokens":?"#, #""n_predict":?"#,
        #""max_completion_tokens":5,"max_tokens":?"#, #""thinking_budget":?"#, #""reasoning":{"max_tokens":?}"#,
        #""max_tokens":5,"max_tokens":?"#, #""Max_Tokens":?"#,
      ])
    add(CallEndpoint(.responses), #"{"model":"m","input":"a","#, [#""max_output_tokens":?"#])
    add(
      CallEndpoint(.anthropic), chat,
      [#""max_tokens":?"#, #""max_tokens":50,"thinking":{"type":"enabled","budget_tokens":?}"#])
    add(
      CallEndpoint(.ollama), chat,
      [
        #""options":{"num_predict":?}"#, #""options":{"num_predict":?,"num_predict":5}"#,
        #""options":{"num_predict":5,"num\u005fpredict":?}"#, #""Options":{"num_predict":?}"#,
        #""option\u017f":{"num_predict":?}"#,
      ])
    add(
      CallEndpoint(.ollama, form: .generate), #"{"model":"m","prompt":"a","#, [#""options":{"num_predict":?}"#])
    for settings in ["generationConfig", "generation_config"] {
      for name in [
        "maxOutputTokens", "max_output_tokens", "candidateCount", "candidate_count", #"maxOutput\u0054okens"#,
      ] {
        add(
          CallEndpoint(.gemini), #"{"contents":[{"parts":[{"text":"a"}]}],"#,
          [#""\#(settings)":{"\#(name)":?}"#, #""\#(settings)":{"\#(name)":?,"\#(name)":5}"#])
      }
      add(
        CallEndpoint(.gemini), #"{"contents":[{"parts":[{"text":"a"}]}],"#,
        [
          #""\#(settings)":{"thinkingConfig":{"thinkingBudget":?}}"#,
          #""\#(settings)":{"thinking_config":{"thinking_budget":?}}"#,
        ])
    }
    return bodies
  }()

  @Test func `a large limit is clamped in every form, or rejected`() throws {
    for (call, body) in Self.bodies {
      for form in Self.large {
        let written = try write(body.replacing("?", with: form), call)
        #expect(written?.contains(form) != true, "\(body) \(form): \(written ?? "")")
        #expect(written.map { $0.contains("100") || $0.contains("5") } ?? true, "\(body) \(form): \(written ?? "")")
      }
    }
  }

  @Test func `a limit that cannot be read is rejected`() throws {
    for (call, body) in Self.bodies {
      for form in Self.unreadable {
        let written = try write(body.replacing("?", with: form), call)
        #expect(written == nil, "\(body) \(form): \(written ?? "")")
      }
    }
  }

  @Test func `a small limit passes in the form in which it was written`() throws {
    let body = #"{"model":"m","messages":[{"role":"user","content":"a"}],"options":{"num_predict":?}}"#
    for form in ["50", #""50""#, "5e1", "50.0", "null"] {
      let text = body.replacing("?", with: form)
      #expect(try write(text, CallEndpoint(.ollama)) == text)
    }
  }

  @Test(
    arguments: [
      (#""a""#, nil), ("1", 1), ("1.0", 1), ("1e2", 100), (#""1e2""#, 100), ("-1", -1), ("1e400", .max),
      ("-1e400", .min),
      ("0.5", nil), ("null", nil), ("9223372036854775807", .max), ("9223372036854775808", .max), (#"" 5""#, 5),
      (#""""#, nil),
    ] as [(String, Int64?)])
  func `a limit is a whole number in any form`(text: String, expected: Int64?) throws {
    let json = Array(text.utf8)
    #expect(TokenLimit.read(try Scanner.whole(json.span), json.span) == expected)
  }

  @Test(arguments: ["[ ]", "[]", #"["a"]"#, #"[ "a" ]"#, "{}", "1", #""x""#, "null", "true"])
  func `a nullable schema is JSON whatever its keywords hold`(value: String) throws {
    for name in ["anyOf", "oneOf", "allOf", "any_of", "enum", "type", "items", "properties", "$defs", "minItems"] {
      let text = #"{"type":"OBJECT","\#(name)":\#(value),"nullable":true,"anyOf":[ {"nullable" : true} ]}"#
      let json = Array(text.utf8)
      let out = GeminiSchema.jsonSchema(try Scanner.whole(json.span), json.span)
      #expect(throws: Never.self, "\(String(decoding: out, as: UTF8.self))") { _ = try Scanner.whole(out.span) }
    }
  }
}
