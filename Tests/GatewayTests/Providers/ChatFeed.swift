@testable import Gateway
import Foundation

/// A chat stream that is fed the data of events, for a caller who named the model `m`.
struct ChatFeed {
  /// What one event came to.
  struct Step: Equatable {
    var verdict: ChatStream.Verdict?
    var text = ""
    var failure: UpstreamFailure?
  }

  var chat: ChatStream

  init(asksUsage: Bool = false) {
    chat = ChatStream(modelToken: Array(#""m""#.utf8), asksUsage: asksUsage, id: "r1", created: 1700)
  }

  mutating func take(_ data: String) -> Step {
    let bytes = Array(data.utf8)
    var out: [UInt8] = []
    do throws(UpstreamFailure) {
      let verdict = try chat.take(bytes.span, into: &out)
      return Step(verdict: verdict, text: String(decoding: out, as: UTF8.self))
    } catch {
      return Step(text: String(decoding: out, as: UTF8.self), failure: error)
    }
  }

  /// The data of the event that became of `data`, or the empty text.
  mutating func relay(_ data: String) -> String { Self.data(take(data).text) }

  mutating func finish(promptBytes: Int = 40) -> String {
    var out: [UInt8] = []
    chat.finish(promptBytes: promptBytes, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  static func data(_ event: String) -> String {
    event.hasPrefix("data: ") && event.hasSuffix("\n\n") ? String(event.dropFirst(6).dropLast(2)) : event
  }

  /// A chunk with these choices, and more members, that keeps the contract.
  static func chunk(_ choices: String, _ more: String = "") -> String {
    #"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[\#(choices)]\#(more)}"#
  }

  /// A chunk of the first choice.
  static func delta(_ delta: String, finish: String = "null", _ more: String = "") -> String {
    chunk(#"{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}"#, more)
  }

  /// Whether no object in a JSON text has a key twice; `nil` when it is no JSON.
  static func hasUniqueKeys(_ json: String) -> Bool? {
    guard (try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)) != nil else { return nil }
    let bytes = Array(json.utf8)
    return isUnique(bytes, at: 0)
  }

  private static func isUnique(_ json: [UInt8], at offset: Int) -> Bool {
    do throws(JSONFault) {
      if json[offset] == UInt8(ascii: "{") {
        var members = try ObjectCursor(in: json.span, at: offset, depth: 1)
        while let member = try members.next(in: json.span) {
          if !isUnique(json, at: Int(member.value.slice.start)) { return false }
        }
      } else if json[offset] == UInt8(ascii: "[") {
        var elements = try ArrayCursor(in: json.span, at: offset)
        while let element = try elements.next(in: json.span) {
          if !isUnique(json, at: Int(element.slice.start)) { return false }
        }
      }
      return true
    } catch {
      return false
    }
  }
}
