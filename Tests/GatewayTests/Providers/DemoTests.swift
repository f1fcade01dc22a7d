@testable import Gateway
import Testing

@Suite struct DemoTests {
  private let demo = Demo(Configuration.Demo())

  @Test(
    arguments: [
      ("demo", 64, 50, 200, nil), ("demo-tokens200-rate50-first100-during", 200, 50, 100, "during"),
      ("demo-tokens0", 0, 50, 200, nil), ("demo-tokens100001", 100_000, 50, 200, nil),
      ("demo-tokens99999999999999999999", 64, 50, 200, nil), ("demo-tokens", 64, 50, 200, nil),
      ("demo-tokens-5", 64, 50, 200, nil), ("demo-tokensx5", 64, 50, 200, nil), ("demo-rate0", 64, 0, 200, nil),
      ("demo-rate9999999", 64, 1_000_000, 200, nil), ("demo-rate1.5", 64, 50, 200, nil),
      ("demo-first0", 64, 50, 0, nil), ("demo-first9999999", 64, 50, 600_000, nil),
      ("demo-refuse", 64, 50, 200, "refuse"),
      ("before", 64, 50, 200, "before"), ("demo-tokens5-tokens6", 6, 50, 200, nil), ("", 64, 50, 200, nil),
      ("---", 64, 50, 200, nil), ("demo-Tokens5-BEFORE", 64, 50, 200, nil),
    ] as [(String, Int, Double, Int, String?)])
  func `a model's name configures the demo`(
    _ model: String, _ tokens: Int, _ rate: Double, _ first: Int, _ failure: String?
  ) {
    let settings = demo.settings(for: model)
    #expect(settings.tokens == tokens)
    #expect(settings.rate == rate)
    #expect(settings.first == .milliseconds(first))
    #expect(settings.failure?.rawValue == failure)
  }

  @Test func `the text never ends`() {
    #expect(Demo.token(0) == "This")
    #expect((1..<300).allSatisfy { Demo.token($0).hasPrefix(" ") && Demo.token($0).count > 1 })
    #expect((1..<300).contains { Demo.token($0) == " This" })
  }
}
