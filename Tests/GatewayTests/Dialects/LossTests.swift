import Testing

@testable import Gateway

/// Nothing that a caller says is lost without being named: each field of each dialect, at each provider type.
@Suite struct LossTests {
  /// A field, and a text that a request has if the field reached it; `nil` where the other dialects write it differently.
  typealias Field = (json: String, mark: String?)

  private static let fields: [Dialect: [Field]] = [
    .openAI: [
      (#""temperature":0.4375"#, "0.4375"), (#""top_p":0.8125"#, "0.8125"), (#""top_k":37"#, "37"),
      (#""min_p":0.0625"#, "0.0625"), (#""seed":1234567"#, "1234567"), (#""frequency_penalty":0.3125"#, "0.3125"),
      (#""presence_penalty":0.1875"#, "0.1875"), (#""repetition_penalty":1.0625"#, "1.0625"),
      (#""stop":["MARK"]"#, "MARK"), (#""user":"MARK""#, "MARK"), (#""safety_identifier":"MARK""#, "MARK"),
      (#""max_tokens":777"#, "777"), (#""max_completion_tokens":777"#, "777"),
      (#""response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"title":"MARK"}}}"#, "MARK"),
      (#""response_format":{"type":"json_object"}"#, nil), (#""logprobs":true"#, nil),
      (#""logprobs":true,"top_logprobs":7"#, "7"), (#""logit_bias":{"55":7}"#, "55"),
      (#""modalities":["text","audio"]"#, "audio"), (#""audio":{"voice":"MARK"}"#, "MARK"),
      (#""prediction":{"type":"content","content":"MARK"}"#, "MARK"), (#""store":true"#, nil),
      (#""store":true,"metadata":{"a":"MARK"}"#, "MARK"), (#""metadata":{"a":"MARK"}"#, "MARK"),
      (#""service_tier":"flex""#, "flex"), (#""prompt_cache_key":"MARK""#, "MARK"),
      (#""prompt_cache_retention":"24h""#, "24h"), (#""verbosity":"low""#, "verbosity"),
      (#""web_search_options":{}"#, nil), (#""reasoning_effort":"high""#, nil),
      (#""thinking":{"type":"enabled","budget_tokens":4321}"#, nil), (#""reasoning":{"effort":"low"}"#, nil),
      (#""chat_template_kwargs":{"x":1}"#, nil), (#""keep_alive":"7m""#, "7m"), (#""num_ctx":5555"#, "5555"),
      (#""options":{"mirostat":2}"#, nil), (#""n":2"#, nil), (#""unheard_of":7"#, nil),
      (#""tools":[{"type":"web_search"}]"#, nil),
      (#""tools":[{"type":"function","function":{"name":"f","description":"MARK"}}]"#, "MARK"),
      (#""tools":[{"type":"function","function":{"name":"f","strict":true}}]"#, "strict"),
    ],
    .anthropic: [
      (#""temperature":0.4375"#, "0.4375"), (#""top_p":0.8125"#, "0.8125"), (#""top_k":37"#, "37"),
      (#""stop_sequences":["MARK"]"#, "MARK"), (#""metadata":{"user_id":"MARK"}"#, "MARK"),
      (#""thinking":{"type":"enabled","budget_tokens":4321}"#, nil), (#""thinking":{"type":"disabled"}"#, nil),
      (#""output_config":{"effort":"low"}"#, nil), (#""output_config":{"task_budget":{}}"#, nil),
      (#""output_config":{"format":{"type":"json_schema","schema":{"title":"MARK"}}}"#, "MARK"),
      (#""output_format":{"type":"json_schema","schema":{"title":"MARK"}}"#, "MARK"),
      (#""service_tier":"auto""#, nil),
      (#""container":"MARK""#, nil), (#""mcp_servers":[{"name":"MARK"}]"#, nil), (#""context_management":{}"#, nil),
      (#""cache_control":{"type":"ephemeral"}"#, nil), (#""unheard_of":7"#, nil),
      (#""system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]"#, nil),
      (#""tools":[{"type":"web_search_20250305","name":"web_search"}]"#, nil),
      (#""tools":[{"name":"f","input_schema":{},"cache_control":{"type":"ephemeral"}}]"#, nil),
    ],
    .responses: [
      (#""instructions":"MARK""#, "MARK"), (#""temperature":0.4375"#, "0.4375"), (#""top_p":0.8125"#, "0.8125"),
      (#""max_output_tokens":777"#, "777"), (#""reasoning":{"effort":"low"}"#, nil), (#""store":true"#, nil),
      (#""metadata":{"a":"MARK"}"#, "MARK"), (#""service_tier":"flex""#, "flex"),
      (#""prompt_cache_key":"MARK""#, "MARK"),
      (#""user":"MARK""#, "MARK"), (#""safety_identifier":"MARK""#, "MARK"), (#""top_logprobs":3"#, nil),
      (#""include":["message.output_text.logprobs"]"#, nil), (#""text":{"verbosity":"low"}"#, nil),
      (#""text":{"format":{"type":"json_schema","name":"a","schema":{"title":"MARK"}}}"#, "MARK"),
      (#""truncation":"auto""#, nil), (#""max_tool_calls":3"#, nil), (#""unheard_of":7"#, nil),
      (#""prompt_cache_options":{"a":1}"#, nil), (#""tools":[{"type":"web_search"}]"#, nil),
    ],
    .ollama: [
      (#""options":{"temperature":0.4375}"#, "0.4375"), (#""options":{"top_p":0.8125}"#, "0.8125"),
      (#""options":{"top_k":37}"#, "37"), (#""options":{"min_p":0.0625}"#, "0.0625"),
      (#""options":{"seed":1234567}"#, "1234567"), (#""options":{"stop":["MARK"]}"#, "MARK"),
      (#""options":{"num_predict":777}"#, "777"), (#""options":{"num_ctx":5555}"#, nil),
      (#""options":{"repeat_penalty":1.0625}"#, "1.0625"), (#""options":{"mirostat":2}"#, nil),
      (#""options":{"num_gpu":3}"#, nil), (#""options":{"typical_p":0.7}"#, nil), (#""keep_alive":"7m""#, nil),
      (#""format":"json""#, nil), (#""format":{"title":"MARK"}"#, "MARK"), (#""think":true"#, nil),
      (#""think":false"#, nil), (#""think":"low""#, nil), (#""logprobs":true"#, nil), (#""unheard_of":7"#, nil),
    ],
    .gemini: [
      (#""generationConfig":{"temperature":0.4375}"#, "0.4375"), (#""generationConfig":{"topP":0.8125}"#, "0.8125"),
      (#""generationConfig":{"topK":37}"#, "37"), (#""generationConfig":{"seed":1234567}"#, "1234567"),
      (#""generationConfig":{"stopSequences":["MARK"]}"#, "MARK"),
      (#""generationConfig":{"maxOutputTokens":777}"#, "777"),
      (#""generationConfig":{"frequencyPenalty":0.3125}"#, "0.3125"),
      (#""generationConfig":{"presencePenalty":0.1875}"#, "0.1875"),
      (
        #""generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"title":"MARK"}}"#, "MARK"
      ),
      (#""generationConfig":{"thinkingConfig":{"thinkingBudget":4321}}"#, nil),
      (#""generationConfig":{"responseModalities":["TEXT","AUDIO"]}"#, nil),
      (#""generationConfig":{"responseLogprobs":true,"logprobs":3}"#, nil),
      (#""generationConfig":{"speechConfig":{"a":1}}"#, nil), (#""generationConfig":{"unheardOf":7}"#, nil),
      (#""safetySettings":[{"category":"A","threshold":"B"}]"#, nil), (#""cachedContent":"MARK""#, nil),
      (#""labels":{"a":"MARK"}"#, nil), (#""tools":[{"googleSearch":{}}]"#, nil),
      (#""systemInstruction":{"parts":[{"text":"MARK"}]}"#, "MARK"),
    ],
  ]

  private static func request(_ dialect: Dialect, _ field: String) -> [UInt8] {
    let hi =
      switch dialect {
      case .openAI, .ollama: #""messages":[{"role":"user","content":"hi"}]"#
      case .anthropic: #""max_tokens":50000,"messages":[{"role":"user","content":"hi"}]"#
      case .responses: #""input":"hi""#
      case .gemini: #""contents":[{"parts":[{"text":"hi"}]}]"#
      }
    return Array("{\"model\":\"a\",\(hi)\(field.isEmpty ? "" : ",")\(field)}".utf8)
  }

  /// The provider types, each with a model.
  private static let targets: [(kind: ProviderKind, model: String)] = [
    (.openAi, "gpt-5.2"), (.openAi, "gpt-4.1"), (.deepSeek, "deepseek-chat"), (.mistral, "magistral"), (.groq, "a"),
    (.grok, "grok"), (.openRouter, "a/b"), (.anthropic, "claude-sonnet-4-5"), (.anthropic, "claude-opus-5"),
    (.google, "gemini-2.5-flash"), (.google, "gemini-3-pro-preview"), (.ollama, "qwen3"), (.ollama, "gpt-oss"),
    (.llamaCpp, "a"), (.vllm, "a"), (.openAiCompatible, "a"),
  ]

  @Test(arguments: Dialect.allCases)
  func `a field of a request reaches its provider, or is named`(caller: Dialect) throws {
    for target in Self.targets where target.kind.row.dialect != caller {
      let row = target.kind.row
      func written(_ field: String) throws(APIError) -> WrittenRequest {
        let write = WriteTarget(model: target.model, streams: false, isLocal: row.isLocal, rules: row.rules)
        return try RequestTranslation.write(
          Self.request(caller, field).span, as: CallEndpoint(caller), in: row.dialect, for: write)
      }
      let plain = try written("")
      for field in Self.fields[caller] ?? [] {
        let asked = try written(field.json)
        if asked.dropped != plain.dropped { continue }
        // This model thinks only if it is asked to.
        if field.json == #""think":false"#, target.model == "claude-sonnet-4-5" { continue }
        if let mark = field.mark {
          #expect(String(decoding: asked.body, as: UTF8.self).contains(mark), "\(field.json) at \(target)")
        } else {
          #expect(asked.body != plain.body, "\(field.json) at \(target)")
        }
      }
    }
  }
}
