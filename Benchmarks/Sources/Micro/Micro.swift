import Foundation
import Gateway

/// Measures the code that touches every byte or every request. `--smoke` runs each row only a few times.
@main
enum Micro {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    let unknown = arguments.filter { $0 != "--smoke" }
    guard unknown.isEmpty else {
      print("unknown argument \(unknown[0]); usage: Micro [--smoke]")
      exit(64)
    }
    var harness = Harness(smoke: arguments.contains("--smoke"))
    Harness.header()
    for row in rows() { harness.run(row) }
    print("digest \(String(harness.digest, radix: 16))")
  }

  /// Measures every row, in the order of the table.
  static func rows() -> [Row] {
    let small = Inputs.request(messages: 3, bytes: 1700)
    let large = Inputs.request(messages: 100, bytes: 100_000)
    let chunk = Inputs.chunk
    return [
      Row("request: model, stream, messages", bytes: small.count) { request(small.span) },
      Row("large request: the same", bytes: large.count) { request(large.span) },
      Row("chunk: model, usage, choices", bytes: chunk.count) { event(chunk.span) },
      Row("chunk: check only", bytes: chunk.count) { check(chunk.span) },
    ] + foundation(small: small, chunk: chunk) + writing(small: small, chunk: chunk) + hardware() + routes()
      + keys()
  }

  /// Reads a chat request as the gateway does.
  static func request(_ json: Span<UInt8>) -> UInt64 {
    var found: UInt64 = 0
    do throws(JSONError) {
      var members = try Scanner.root(json)
      while let member = try members.next(in: json) {
        if member.keyEquals("model", in: json) {
          found &+= UInt64(member.value.slice.start)
        } else if member.keyEquals("stream", in: json) {
          found &+= member.value.bool == true ? 1 : 0
        } else if member.keyEquals("messages", in: json) {
          found &+= UInt64(member.value.elements)
        }
      }
    } catch { fatalError(error.description) }
    return found
  }

  /// Reads a streamed event as the gateway does.
  static func event(_ json: Span<UInt8>) -> UInt64 {
    var found: UInt64 = 0
    do throws(JSONError) {
      var members = try MemberCursor(whole: json)
      while let member = try members.next(in: json) {
        if member.keyEquals("model", in: json) {
          found &+= UInt64(member.value.slice.start)
        } else if member.keyEquals("usage", in: json) {
          found &+= member.value.kind == .null ? 1 : 0
        } else if member.keyEquals("choices", in: json) {
          found &+= UInt64(member.value.elements)
        }
      }
    } catch { fatalError(error.description) }
    return found
  }

  private static func check(_ json: Span<UInt8>) -> UInt64 {
    do throws(JSONError) { _ = try Scanner.whole(json) } catch { fatalError(error.description) }
    return UInt64(json.count)
  }
}
