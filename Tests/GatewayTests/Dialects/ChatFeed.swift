@testable import Gateway
import Foundation

/// Feeds the data of events to a `ChatStream`, for a caller that named the model `m`.
struct ChatFeed {
  /// The result of one event.
  struct Step: Equatable {
    var verdict: ChatStream.Verdict?
    var text = ""
    var failure: AttemptFailure?
  }

  var chat: ChatStream

  init(wantsUsage: Bool = false, wantsRunningUsage: Bool = false) {
    chat = ChatStream(
      modelToken: Array(#""m""#.utf8), wantsUsage: wantsUsage, wantsRunningUsage: wantsRunningUsage, id: "r1",
      created: 7)
  }

  mutating func take(_ data: String) -> Step {
    let bytes = Array(data.utf8)
    var out: [UInt8] = []
    do throws(AttemptFailure) {
      let verdict = try chat.take(bytes.span, into: &out)
      return Step(verdict: verdict, text: String(decoding: out, as: UTF8.self))
    } catch {
      return Step(text: String(decoding: out, as: UTF8.self), failure: error)
    }
  }

  /// Returns the data of the relayed event, or an empty text.
  mutating func relay(_ data: String) -> String { Self.data(take(data).text) }

  mutating func finish(promptBytes: Int = 40) -> String {
    var out: [UInt8] = []
    chat.finish(promptBytes: promptBytes, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  static func data(_ event: String) -> String {
    event.hasPrefix("data: ") && event.hasSuffix("\n\n") ? String(event.dropFirst(6).dropLast(2)) : event
  }

  /// Returns a valid chunk with the given choices and additional members.
  static func chunk(_ choices: String, _ more: String = "") -> String {
    #"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[\#(choices)]\#(more)}"#
  }

  /// Returns a chunk of the first choice.
  static func delta(_ delta: String, finish: String = "null", _ more: String = "") -> String {
    chunk(#"{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}"#, more)
  }

  /// Returns whether no object in a JSON text repeats a key, or `nil` if the text is not JSON.
  static func hasUniqueKeys(_ json: String) -> Bool? {
    guard (try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)) != nil else {
      return nil
    }
    var objects: [Set<Substring>] = []
    var rest = json[...]
    while let first = rest.first {
      if first == "\"" {
        let string = rest.prefix(endOfString(rest))
        rest = rest[string.endIndex...]
        let isKey = rest.drop(while: \.isWhitespace).first == ":"
        if isKey, objects.last?.contains(string) == true { return false }
        if isKey { objects[objects.count - 1].insert(string) }
        continue
      }
      if first == "{" { objects.append([]) }
      if first == "}" { objects.removeLast() }
      rest = rest.dropFirst()
    }
    return true
  }

  /// Returns the number of characters of the string at the start of `text`.
  private static func endOfString(_ text: Substring) -> Int {
    var count = 1
    var isEscaped = false
    for character in text.dropFirst() {
      count += 1
      if !isEscaped, character == "\"" { break }
      isEscaped = !isEscaped && character == "\\"
    }
    return count
  }
}
