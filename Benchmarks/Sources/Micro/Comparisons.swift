import Foundation
import Gateway

extension Micro {
  private struct Request: Decodable {
    struct Message: Decodable { var role: String }
    var model: String
    var stream: Bool?
    var messages: [Message]
  }

  private struct Chunk: Decodable {
    struct Choice: Decodable { var index: Int }
    struct Usage: Decodable { var total_tokens: Int }
    var model: String
    var usage: Usage?
    var choices: [Choice]
  }

  /// The same work with Foundation.
  static func foundation(small: [UInt8], chunk: [UInt8]) -> [Row] {
    let request = Data(small)
    let event = Data(chunk)
    let decoder = JSONDecoder()
    return [
      Row("request: JSONSerialization", bytes: small.count) {
        let tree = try! JSONSerialization.jsonObject(with: request) as! [String: Any]
        return UInt64((tree["messages"] as! [Any]).count)
      },
      Row("request: JSONDecoder", bytes: small.count) {
        UInt64(try! decoder.decode(Request.self, from: request).messages.count)
      },
      Row("chunk: JSONSerialization", bytes: chunk.count) {
        let tree = try! JSONSerialization.jsonObject(with: event) as! [String: Any]
        return UInt64((tree["choices"] as! [Any]).count)
      },
      Row("chunk: JSONDecoder", bytes: chunk.count) {
        UInt64(try! decoder.decode(Chunk.self, from: event).choices.count)
      },
    ]
  }

  /// Changing and building text.
  static func writing(small: [UInt8], chunk: [UInt8]) -> [Row] {
    let ten = Inputs.request(messages: 10, bytes: 8000)
    var out: [UInt8] = []
    var splice = Splice()
    let words = Array(repeating: "The gateway says \"every byte\" once.\n", count: 30).joined()
    return [
      Row("walk and splice, 3 messages", bytes: small.count) { spliced(small.span, &splice, &out) },
      Row("walk and splice, 10 messages", bytes: ten.count) { spliced(ten.span, &splice, &out) },
      Row("write a chunk", bytes: 116) { written(" the \"word\"\n", &out) },
      Row("write a string with escapes", bytes: words.utf8.count) {
        out.removeAll(keepingCapacity: true)
        Writer.append(words, to: &out)
        return UInt64(out.count)
      },
    ]
  }

  /// Another model, no user, and requested usage: the edits for a provider.
  private static func spliced(_ json: Span<UInt8>, _ splice: inout Splice, _ out: inout [UInt8]) -> UInt64 {
    splice.removeAll()
    out.removeAll(keepingCapacity: true)
    do throws(JSONError) {
      var members = try Scanner.root(json)
      while let member = try members.next(in: json) {
        if member.keyEquals("model", in: json) {
          splice.replace(member, with: "llama-3.3-70b-instruct")
        } else if member.keyEquals("user", in: json) {
          splice.remove(member)
        } else if member.keyEquals("max_tokens", in: json) {
          let key = Slice(start: Int(member.key.start), count: Int(member.key.count))
          splice.replace(key, with: "max_completion_tokens".utf8.span)
        }
      }
    } catch { fatalError(error.description) }
    splice.apply(to: json, into: &out)
    return UInt64(out.count)
  }

  private static func written(_ delta: String, _ out: inout [UInt8]) -> UInt64 {
    out.removeAll(keepingCapacity: true)
    Writer.append(raw: "{", to: &out)
    Writer.member("id", "chatcmpl-1042", to: &out)
    Writer.member("created", 1_732_000_000, to: &out)
    Writer.key("choices", to: &out)
    Writer.append(raw: "[{", to: &out)
    Writer.member("index", 0, to: &out)
    Writer.key("delta", to: &out)
    Writer.append(raw: "{", to: &out)
    Writer.member("content", delta, to: &out)
    Writer.append(raw: "}}]}", to: &out)
    return UInt64(out.count)
  }
}
