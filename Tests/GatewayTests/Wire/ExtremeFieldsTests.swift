import Testing

@testable import Gateway

/// Numbers outside JSON at the ends of what any type holds: in heads, chunk sizes, names, queries, counts, and times.
@Suite struct ExtremeFieldsTests {
  private static let numbers =
    ExtremeNumbersTests.extremes + ["7fffffffffffffff", "ffffffff", "ffffffffffffffff", "65536", ""]

  @Test(arguments: numbers)
  func `a head is read or rejected`(number: String) {
    for line in [
      "content-length: \(number)", "x-hoosh-hops: \(number)", "keep-alive: timeout=\(number)", "te: \(number)",
    ] {
      for target in ["/v1/events?since=\(number)&limit=\(number)", "http://a:\(number)/"] {
        let bytes = Array("POST \(target) HTTP/1.1\r\nhost: a:\(number)\r\n\(line)\r\n\r\n".utf8)
        var reader = HeadReader()
        do throws(HeadError) {
          let head = try reader.read(bytes.span)
          if case .length(let length)? = head?.framing { #expect(length >= 0) }
        } catch {
          #expect(error.apiError.status >= 400)
        }
      }
    }
    #expect((0...Hops.hopsMax).contains(Hops.read(Array(number.utf8).span)))
  }

  @Test(arguments: numbers)
  func `a chunk of such a size is read or rejected`(number: String) {
    for bytesMax in [0, 9, Int.max] {
      var reader = BodyReader(framing: .chunked, bytesMax: bytesMax)
      var body: [UInt8] = []
      let bytes = Array("1\r\na\r\n\(number)\r\nabc".utf8)
      _ = try? reader.read(bytes.span, into: &body)
      #expect(body.count <= 4)
    }
    for length in [0, 1, Int.max] {
      var reader = BodyReader(framing: .length(length), bytesMax: .max)
      var body: [UInt8] = []
      _ = try? reader.read(Array("abc".utf8).span, into: &body)
      #expect(body.count <= 3 && body.capacity < 1 << 20)
    }
  }

  @Test(arguments: numbers)
  func `a demo model whose name has such a number keeps its limits`(number: String) throws {
    let name = "demo-tokens\(number)-rate\(number)-first\(number)"
    let demo = Demo(Configuration.Demo()).settings(for: name)
    #expect((0...Demo.tokensMax).contains(demo.tokens))
    #expect((0...1_000_000).contains(demo.rate))
    #expect(demo.first >= .zero && demo.first <= .seconds(600))
    let body = Array("{\"model\":\"m\",\"messages\":[{}]}".utf8)
    let call = try Call.read(body.span, for: CallEndpoint(.openAI), model: "m")
    _ = Demo(Configuration.Demo()).script(for: call, body, model: name, created: .max >> 1)
  }

  @Test(arguments: [0, 1, 2, 3, UInt64(Int64.max), .max - 1, .max])
  func `a reader of events may state any number`(since: UInt64) {
    for count in [0, 1, 9] {
      var ring = EventRing<[UInt8]>(eventsMax: 2)
      for _ in 0..<count { ring.append(.reload, [1], at: .max) }
      for limit in [1, Int.max] {
        let page = ring.since(since, limit: limit)
        #expect(page.next <= UInt64(count) && page.missed <= UInt64(count))
      }
    }
  }

  @Test(arguments: ExtremeNumbersTests.extremes)
  func `tokens that are counted in every event stay within the limit`(number: String) {
    var reader = MessagesAnswerReader()
    let names = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"]
    let usage = names.map { "\"\($0)\":\(number)" }.joined(separator: ",")
    let json = Array("{\"type\":\"message_delta\",\"usage\":{\(usage)}}".utf8)
    var events: [ChatEvent] = []
    for _ in 0..<100 { try? reader.read(json.span, into: &events) }
    for case .usage(let counts) in events {
      #expect((0...Usage.tokensMax).contains(counts.prompt ?? 0))
      #expect((0...Usage.tokensMax).contains(counts.completion ?? 0))
    }
    #expect(Usage(prompt: .max, completion: .max, source: .reported).total == .max)
    let prices = TokenPrices(input: .max, output: .max)
    #expect(prices.cost(TokenBreakdown(input: .max, output: .max)) == .max)
    #expect(prices.cost(TokenBreakdown(input: .min, output: .min)) == 0)
  }

  @Test(arguments: [.zero, .nanoseconds(1), .seconds(86_400), .distant, .zero - .distant])
  func `health, retries, and the queue take any time`(time: Duration) {
    for now in [.zero, Duration.seconds(1), .distant] {
      var window = SlidingWindow(for: time)
      window.note(.max, failed: .max, at: now)
      window.note(.min, failed: .min, at: now + time)
      #expect(window.totals(at: now).all >= 0)
      var latency = Latency()
      latency.note(time, at: now)
      for _ in 0..<40 { latency.noteFailure(at: now) }
      #expect(latency.average > 0)
      var budget = RetryBudget(RetryBudget.Settings(percent: 100, floor: 1, window: time))
      budget.note(at: now)
      _ = budget.take(at: now)
      var random = SplitMix(state: 1)
      var settings = Configuration.defaults.routing.retry
      (settings.base, settings.delayMax, settings.retriesMax) = (.seconds(3600), max(.zero, time), 10)
      var backoff = Backoff(settings, deadline: .distant + .distant)
      for _ in 0..<12 {
        if let delay = backoff.nextDelay(at: now, asked: max(.zero, time), using: &random) {
          #expect(delay >= .zero)
        }
      }
      _ = time.wholeSeconds
    }
  }
}
