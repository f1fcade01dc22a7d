/// The responses of the mock, created once.
final class MockReplies {
  let event = Event()
  /// The head of a stream and the event with the role.
  let streamHead: UnsafeRawBufferPointer
  let streamEnd: UnsafeRawBufferPointer
  let streamEndWithUsage: UnsafeRawBufferPointer
  let models: UnsafeRawBufferPointer
  private var answerBytes = -1
  private var lastAnswer = UnsafeRawBufferPointer(start: nil, count: 0)
  private var answers: [Int: UnsafeRawBufferPointer] = [:]
  private var lastJSON = UnsafeRawBufferPointer(start: nil, count: 0)

  init() {
    let head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
      + "Transfer-Encoding: chunked\r\n\r\n"
    streamHead = Self.kept(
      head + Event.chunk(Event.json(delta: "{\"role\":\"assistant\",\"content\":\"\"}", finish: "null")))
    let finish = Event.chunk(Event.json(delta: "{}", finish: "\"stop\""))
    let usage = Event.chunk(
      "{\"id\":\"chatcmpl-load\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"mock\","
        + "\"choices\":[],\"usage\":{\"prompt_tokens\":128,\"completion_tokens\":128,\"total_tokens\":256}}")
    let done = Event.chunk("[DONE]") + "0\r\n\r\n"
    streamEnd = Self.kept(finish + done)
    streamEndWithUsage = Self.kept(finish + usage + done)
    models = Self.kept(
      Self.response(
        "200 OK", "{\"object\":\"list\",\"data\":[{\"id\":\"mock\",\"object\":\"model\",\"owned_by\":\"load\"}]}"))
  }

  /// Returns a chat completion of the given size, or of the smallest possible size.
  func answer(bytes: Int) -> UnsafeRawBufferPointer {
    if bytes == answerBytes { return lastAnswer }
    let made = answers[bytes] ?? Self.kept(Self.response("200 OK", Self.completion(bytes: bytes)))
    if answers.count < 256 { answers[bytes] = made }
    (answerBytes, lastAnswer) = (bytes, made)
    return made
  }

  func json(_ text: String) -> UnsafeRawBufferPointer {
    lastJSON.deallocate()
    lastJSON = Self.kept(Self.response("200 OK", text))
    return lastJSON
  }

  func refusal(_ status: String) -> UnsafeRawBufferPointer {
    lastJSON.deallocate()
    lastJSON = Self.kept(Self.response(status, "{\"error\":{\"message\":\"\(status)\",\"type\":\"load\"}}"))
    return lastJSON
  }

  static func completion(bytes: Int) -> String {
    let before =
      "{\"id\":\"chatcmpl-load\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"mock\","
      + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
    let after =
      "\"},\"finish_reason\":\"stop\"}],"
      + "\"usage\":{\"prompt_tokens\":128,\"completion_tokens\":128,\"total_tokens\":256}}"
    let words = max(1, bytes - before.utf8.count - after.utf8.count)
    return before + String(repeating: "lorem ipsum ", count: words / 12 + 1).prefix(words) + after
  }

  private static func response(_ status: String, _ body: String) -> String {
    "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private static func kept(_ text: String) -> UnsafeRawBufferPointer {
    let utf8 = Array(text.utf8)
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: utf8.count, alignment: 16)
    copy.copyBytes(from: utf8)
    return UnsafeRawBufferPointer(copy)
  }
}
