/// The measured texts, always the same, generated from a fixed seed.
enum Inputs {
  /// Returns a chat request with a number of messages, of at least `bytes` bytes.
  static func request(messages: Int, bytes: Int) -> [UInt8] {
    var words = Words(state: 42)
    var text = #"{"model":"gpt-4o-mini","temperature":0.7,"max_tokens":512,"messages":["#
    let tail = #"],"stream":true,"stream_options":{"include_usage":true},"user":"u-1042"}"#
    let each = max(0, (bytes - text.utf8.count - tail.utf8.count) / messages - 32)
    for index in 0..<messages {
      if index > 0 { text += "," }
      let role = index == 0 ? "system" : index % 2 == 1 ? "user" : "assistant"
      text += #"{"role":"\#(role)","content":""# + words.text(each) + #""}"#
    }
    return Array((text + tail).utf8)
  }

  /// Returns one event of a streamed answer, 245 bytes.
  static var chunk: [UInt8] {
    Array(
      (#"{"id":"chatcmpl-A1b2C3d4E5f6G7h8I9j0K1l2M3n4","object":"chat.completion.chunk","created":1732000000,"#
        + #""model":"gpt-4o-mini-2024-07-18","service_tier":"auto","choices":[{"index":0,"delta":{"content":" the best"},"#
        + #""finish_reason":null}],"usage":null}"#).utf8)
  }
}

/// Generates plain words with an occasional line feed, quote, or non-ASCII letter, as in real text.
struct Words {
  /// The state of a linear congruential generator.
  var state: UInt64

  private static let list = ["the", "gateway", "reads", "every", "byte", "once", "and", "model", "of", "tokens"]

  /// Returns about `bytes` bytes, escaped as inside a JSON string.
  mutating func text(_ bytes: Int) -> String {
    var text = ""
    while text.utf8.count < bytes {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let number = Int(state >> 33)
      text += Self.list[number % Self.list.count]
      text += number % 97 == 0 ? #"\n"# : number % 89 == 0 ? #"\""# : number % 83 == 0 ? " caf\u{e9} " : " "
    }
    return text
  }
}
