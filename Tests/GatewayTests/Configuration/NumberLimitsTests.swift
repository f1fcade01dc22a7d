import Testing

@testable import Gateway

/// Numbers of the configuration at both ends of their ranges and far beyond.
@Suite struct NumberLimitsTests {
  static let numbers = ConfigurationKeys.all.filter { key in
    guard key.availability == .supported else { return false }
    switch key.kind {
    case .integer, .number: return true
    default: return false
    }
  }

  static let times = numbers.filter { $0.path.hasSuffix("_secs") || $0.path.hasSuffix("_ms") }

  private func bounds(_ key: ConfigurationKey) -> (least: Double, most: Double) {
    switch key.kind {
    case .integer(let range): (Double(range.lowerBound), Double(range.upperBound))
    case .number(let range): (range.lowerBound, range.upperBound)
    default: (0, 0)
    }
  }

  /// Returns a file with one key, in which everything else is valid.
  private func file(_ path: String, _ value: String) -> [UInt8] {
    guard path.contains("[]") else { return Array("\(path) = \(value)".utf8) }
    let rest = path.split(separator: ".", maxSplits: 1)
    let other = path.hasPrefix("providers") ? "type = \"Demo\"" : "name = \"m\""
    return Array("[[\(rest[0].dropLast(2))]]\n\(other)\n\(rest[1]) = \(value)".utf8)
  }

  @Test(arguments: numbers)
  func `a number at an end of its range or beyond is taken or rejected`(key: ConfigurationKey) {
    let (least, most) = bounds(key)
    let ends = [ConfigurationKey.short(least), ConfigurationKey.short(most)]
    let beyond = [
      "9223372036854775807", "-9223372036854775808", "1e308", "-1e308", "5e-308", "-1", "inf", "-inf", "nan",
      "18446744073709551615",
    ]
    for value in ends + beyond {
      _ = try? Configuration.read(text: file(key.path, value), file: "f", environment: [:])
    }
    for value in ["1e308", "inf", "nan", "-inf", "18446744073709551615"] {
      #expect(throws: (any Error).self, "\(key.path) = \(value)") {
        try Configuration.read(text: file(key.path, value), file: "f", environment: [:])
      }
    }
  }

  @Test(arguments: times)
  func `a time of 0 is rejected, or the table says what it means`(key: ConfigurationKey) throws {
    if bounds(key).least > 0 {
      let message = try #require(key.error(.integer(0)))
      #expect(message.contains("must be a number from"))
    } else {
      #expect(key.documentation.contains("0 "), "\(key.path): \(key.documentation)")
    }
  }

  @Test func `a demo whose rate is almost 0 waits at most a day for a token`() throws {
    var settings = Configuration.Demo()
    settings.tokensPerSecond = 5e-308
    settings.tokens = Demo.tokensMax
    for more in ["", #""stream":true,"#] {
      let body = Array("{\(more)\"model\":\"m\",\"messages\":[{}]}".utf8)
      let call = try Call.read(body.span, for: CallEndpoint(.openAI), model: "m")
      _ = Demo(settings).script(for: call, body, model: "m", created: 0)
    }
  }
}
