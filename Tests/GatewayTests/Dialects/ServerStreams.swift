/// Streams in the formats of well-known servers: the data of their events, and whether the chunk with the finish reason
/// is the last one except for the usage.
enum ServerStreams {
  struct Stream {
    var name: String
    var chunks: [String]
    /// The visible text.
    var text: String
    var usage: (prompt: Int, completion: Int)?
  }

  static let all = [llamaCpp, vllm, ollama, deepSeek, openRouter, azure]

  /// The first delta has null as `content`, and the last chunk has `timings`.
  static let llamaCpp = Stream(
    name: "llama.cpp",
    chunks: [
      #"{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1761000001,"id":"chatcmpl-Lp1","model":"tiny.gguf","system_fingerprint":"b6900-0","object":"chat.completion.chunk"}"#,
      #"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Good"}}],"created":1761000001,"id":"chatcmpl-Lp1","model":"tiny.gguf","system_fingerprint":"b6900-0","object":"chat.completion.chunk"}"#,
      #"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":" day"}}],"created":1761000001,"id":"chatcmpl-Lp1","model":"tiny.gguf","system_fingerprint":"b6900-0","object":"chat.completion.chunk"}"#,
      #"{"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":1761000001,"id":"chatcmpl-Lp1","model":"tiny.gguf","system_fingerprint":"b6900-0","object":"chat.completion.chunk"}"#,
      #"{"choices":[],"created":1761000001,"id":"chatcmpl-Lp1","model":"tiny.gguf","system_fingerprint":"b6900-0","object":"chat.completion.chunk","usage":{"completion_tokens":2,"prompt_tokens":11,"total_tokens":13},"timings":{"cache_n":0,"prompt_n":11,"prompt_ms":12.5,"predicted_n":2,"predicted_per_second":210.48}}"#,
    ], text: "Good day", usage: (11, 2))

  static let vllm = Stream(
    name: "vLLM",
    chunks: [
      #"{"id":"chatcmpl-5f","object":"chat.completion.chunk","created":1761000002,"model":"org/Model-7B","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"prompt_token_ids":null}"#,
      #"{"id":"chatcmpl-5f","object":"chat.completion.chunk","created":1761000002,"model":"org/Model-7B","choices":[{"index":0,"delta":{"content":"Good"},"logprobs":null,"finish_reason":null,"token_ids":null}]}"#,
      #"{"id":"chatcmpl-5f","object":"chat.completion.chunk","created":1761000002,"model":"org/Model-7B","choices":[{"index":0,"delta":{"content":" day"},"logprobs":null,"finish_reason":"stop","stop_reason":null,"token_ids":null}]}"#,
      #"{"id":"chatcmpl-5f","object":"chat.completion.chunk","created":1761000002,"model":"org/Model-7B","choices":[],"usage":{"prompt_tokens":9,"total_tokens":11,"completion_tokens":2}}"#,
    ], text: "Good day", usage: (9, 2))

  /// Every delta has a role.
  static let ollama = Stream(
    name: "Ollama",
    chunks: [
      #"{"id":"chatcmpl-12","object":"chat.completion.chunk","created":1761000003,"model":"tiny:latest","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":"Good"},"finish_reason":null}]}"#,
      #"{"id":"chatcmpl-12","object":"chat.completion.chunk","created":1761000003,"model":"tiny:latest","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":" day"},"finish_reason":null}]}"#,
      #"{"id":"chatcmpl-12","object":"chat.completion.chunk","created":1761000003,"model":"tiny:latest","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]}"#,
      #"{"id":"chatcmpl-12","object":"chat.completion.chunk","created":1761000003,"model":"tiny:latest","system_fingerprint":"fp_ollama","choices":[],"usage":{"prompt_tokens":26,"completion_tokens":2,"total_tokens":28}}"#,
    ], text: "Good day", usage: (26, 2))

  /// Thinking comes first, with null as `content`, and the usage is in the chunk with the finish reason.
  static let deepSeek = Stream(
    name: "DeepSeek",
    chunks: [
      #"{"id":"0a-1","object":"chat.completion.chunk","created":1761000004,"model":"deep-r","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":""},"logprobs":null,"finish_reason":null}],"usage":null}"#,
      #"{"id":"0a-1","object":"chat.completion.chunk","created":1761000004,"model":"deep-r","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":null,"reasoning_content":"Hm"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
      #"{"id":"0a-1","object":"chat.completion.chunk","created":1761000004,"model":"deep-r","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":"Good day","reasoning_content":null},"logprobs":null,"finish_reason":null}],"usage":null}"#,
      #"{"id":"0a-1","object":"chat.completion.chunk","created":1761000004,"model":"deep-r","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":"","reasoning_content":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":6,"completion_tokens":5,"total_tokens":11,"prompt_cache_hit_tokens":0}}"#,
    ], text: "Good day", usage: (6, 5))

  static let openRouter = Stream(
    name: "OpenRouter",
    chunks: [
      #"{"id":"gen-1","provider":"Someone","model":"org/model","object":"chat.completion.chunk","created":1761000005,"choices":[{"index":0,"delta":{"role":"assistant","content":"Good"},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]}"#,
      #"{"id":"gen-1","provider":"Someone","model":"org/model","object":"chat.completion.chunk","created":1761000005,"choices":[{"index":0,"delta":{"role":"assistant","content":" day"},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]}"#,
      #"{"id":"gen-1","provider":"Someone","model":"org/model","object":"chat.completion.chunk","created":1761000005,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop","native_finish_reason":"end_turn","logprobs":null}]}"#,
      #"{"id":"gen-1","provider":"Someone","model":"org/model","object":"chat.completion.chunk","created":1761000005,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop","native_finish_reason":"end_turn","logprobs":null}],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10,"cost":0.00001}}"#,
    ], text: "Good day", usage: (8, 2))

  /// The first chunk describes the prompt and has neither choices nor an ID.
  static let azure = Stream(
    name: "Azure",
    chunks: [
      #"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#,
      #"{"choices":[{"content_filter_results":{},"delta":{"content":"","refusal":null,"role":"assistant"},"finish_reason":null,"index":0,"logprobs":null}],"created":1761000006,"id":"chatcmpl-A","model":"model-2026","object":"chat.completion.chunk"}"#,
      #"{"choices":[{"content_filter_results":{},"delta":{"content":"Good day"},"finish_reason":null,"index":0,"logprobs":null}],"created":1761000006,"id":"chatcmpl-A","model":"model-2026","object":"chat.completion.chunk"}"#,
      #"{"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0,"logprobs":null}],"created":1761000006,"id":"chatcmpl-A","model":"model-2026","object":"chat.completion.chunk"}"#,
    ], text: "Good day", usage: nil)
}
