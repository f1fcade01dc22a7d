import Foundation
import Testing

@testable import Gateway

/// Every number that a caller, a provider or a file states, at the ends of what any type holds. Nothing traps.
@Suite struct ExtremeNumbersTests {
  static let extremes = [
    "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e308", "-1e308", "5e-324", "-1", "0",
    "4294967296", "99999999999999999999999999999999999999",
  ]

  private static let seeds = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fuzz/Seeds")

  /// Returns the seeds of a fuzz target without the bytes that control it, and each of them with one number replaced.
  private static func inputs(_ target: String, control: Int, _ number: String) -> [[UInt8]] {
    let folder = seeds.appending(path: target)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().flatMap { name -> [[UInt8]] in
      guard let data = try? Data(contentsOf: folder.appending(path: name)), data.count < 16_384 else { return [] }
      let text = String(decoding: data.dropFirst(control), as: UTF8.self)
      let numbers = text.matches(of: /[:\[,]\s*(-?[0-9]+[0-9.eE+-]*)/).prefix(64)
      return numbers.map { found in
        let old = found.output.1
        return Array(text.replacingCharacters(in: old.startIndex..<old.endIndex, with: number).utf8)
      }
    }
  }

  private static let callers = [
    CallEndpoint(.openAI), CallEndpoint(.anthropic), CallEndpoint(.responses), CallEndpoint(.ollama),
    CallEndpoint(.gemini, form: .events),
  ]

  @Test(arguments: extremes)
  func `a request of any dialect is read and written, or rejected`(number: String) {
    var count = 0
    for (target, call) in [
      ("openai", CallEndpoint(.openAI)), ("responses", CallEndpoint(.responses)),
      ("anthropic", CallEndpoint(.anthropic)), ("ollama", CallEndpoint(.ollama)),
      ("generate", CallEndpoint(.ollama, form: .generate)), ("gemini", CallEndpoint(.gemini, form: .events)),
    ] {
      for json in Self.inputs("request-\(target)", control: 1, number) {
        count += 1
        do throws(APIError) {
          _ = try ChatRequest.read(json.span, for: call, model: "m")
          let conversation = try RequestTranslation.read(json.span, as: call)
          for row in DialectTable.rows {
            _ = try? row.writeRequest(
              conversation, json.span, WriteTarget(model: "m", maxTokensLimit: 9, streams: false))
            _ = try? row.writeRequest(
              conversation, json.span, WriteTarget(model: "claude-sonnet-4-5", streams: true))
          }
        } catch {
          #expect(error.status == 400)
        }
      }
    }
    #expect(count > 20)
  }

  @Test(arguments: extremes)
  func `a response of any dialect reaches callers of all, or fails`(number: String) {
    var count = 0
    for (target, dialect) in [
      ("openai", Dialect.openAI), ("anthropic", .anthropic), ("ollama", .ollama), ("gemini", .gemini),
    ] {
      for bytes in Self.inputs("response-\(target)", control: 5, number) {
        count += 1
        for call in Self.callers {
          _ = relay(bytes, from: dialect, to: call)
          _ = try? answer(bytes, from: dialect, to: call)
        }
      }
    }
    #expect(count > 20)
  }

  @Test(arguments: extremes)
  func `a list of models and an error are read or not`(number: String) {
    for json in Self.inputs("answer", control: 0, number) + [
      Array(
        #"{"data":[{"id":"m","created":\#(number),"context_length":\#(number),"created_at":\#(number)}]}"#.utf8),
      Array(#"{"models":[{"name":"m","size":\#(number),"inputTokenLimit":\#(number)}]}"#.utf8),
    ] {
      guard let models = ModelListReader.read(json.span, ownedBy: "p") else { continue }
      for row in DialectTable.rows { _ = row.writeModels(models) }
    }
  }

  @Test(arguments: extremes + ["", " ", "0.5", "1.7976931348623157e308", "-0", "1h99999999999999999999s"])
  func `a time that a provider states is at most a month`(number: String) {
    let bytes = Array(number.utf8)
    for now in [0, Int.max, Int.min] {
      let waits = [
        RetryAfter.field(bytes.span, now: now), RetryAfter.milliseconds(bytes.span),
        RetryAfter.duration(bytes.span),
        RetryAfter.reset(bytes.span, now: now), RetryAfter.duration(Array((number + "h").utf8).span),
        RetryHint(now: now) { $0.utf8CodeUnitCount > 0 ? number : nil }.wait,
        RetryAfter.retryInfo(Array(#"{"error":{"details":[{"retryDelay":"\#(number)s"}]}}"#.utf8).span),
      ]
      for wait in waits.compactMap({ $0 }) { #expect(wait >= .zero && wait <= RetryAfter.longest) }
    }
    var head = UpstreamHead(status: 200)
    head.note(Array("content-length".utf8).span, bytes.span)
    #expect(head.length >= 0)
    _ = EventQuery(Array("since=\(number)&limit=\(number)".utf8).span)
  }

  @Test(arguments: extremes)
  func `a hardware request is read or rejected`(number: String) {
    for key in ["model_params", "model_params_m", "remove_count", "min_chips", "context", "parallel"] {
      _ = try? HardwareRequest(Array("{\"\(key)\":\(number)}".utf8))
    }
    _ = try? HardwareRequest(Array("{\"add_devices\":[{\"memory_bytes\":\(number)}]}".utf8))
  }
}
